"""Laws: which operators a target's kernels compute wrongly, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from edgeslim.execution import Precision, Target
from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from edgeslim.targets._place import Place

__all__ = [
    "ARM",
    "EVERYWHERE",
    "EVERY_PRECISION",
    "FLOATS",
    "FLOAT_KERNEL",
    "Answer",
    "Kernels",
    "Law",
    "Operator",
    "is_any",
]


FLOAT_KERNEL = "enable_int8"
"""The attribute that marks an operator, by the value false, as staying in fp32.

For an operator that has it at all `opt` chooses a kernel whose results are 32-bit floats, unless
all operators that read them have it as well (Paddle-Lite, ``static_kernel_pick_pass.cc``).
"""


class Kernels(str, Enum):
    """A set of Paddle-Lite's kernels; ``opt`` converts for several of them at once."""

    X86 = "x86"
    ARMV7 = "armv7"
    ARMV8 = "armv8"

    @property
    def target(self) -> Target:
        """The target of ``opt`` that these kernels belong to."""
        return Target.X86 if self is Kernels.X86 else Target.ARM


class Answer(str, Enum):
    """What is done with an operator that meets a law."""

    REWRITTEN = "rewritten"
    """The operator is rewritten in a form that is computed correctly everywhere."""
    FP32 = "fp32"
    """The operator stays in fp32 where the rest is fp16."""
    ONE_THREAD = "one thread"
    """The operator is correct with one thread only, and is refused with more."""
    REFUSED = "refused"
    """No file is written, and the message names the operator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """An operator of a program as laws see it: shapes and attributes, but no values.

    Args:
        kind: Type of the operator, as programs name it.
        name: Name of the first tensor that it makes.
        inputs: Shapes of the tensors that it reads, by slot; an open extent is -1.
        outputs: Shapes of the tensors that it writes, by slot.
        attributes: Values of its attributes by name; lists are tuples.
        constants: Slots of its inputs that hold parameters.
        makers: Kinds of the operators that make its inputs, by slot; no entry for parameters and
            inputs of the network. For an operator with a fused activation, that activation.
        readers: Kinds of the operators that read its first result.
        read: Slots of the outputs that another operator reads or that the network returns.
        read_inside: Slots of the outputs that another operator reads.
        element_type: NumPy's name for the type of elements of its first input.
        types: NumPy's name for the type of elements of the first input in each slot.
    """

    kind: str
    name: str = ""
    inputs: Mapping[str, tuple[Shape, ...]] = field(default_factory=dict)
    outputs: Mapping[str, tuple[Shape, ...]] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: Collection[str] = ()
    makers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    read: Collection[str] = ()
    read_inside: Collection[str] = ()
    element_type: str = "float32"
    types: Mapping[str, str] = field(default_factory=dict)

    def shape(self, slot: str = "") -> Shape:
        """The shape of the first input in a slot; by default in ``X`` or ``Input``."""
        slots = (slot,) if slot else ("X", "Input")
        return next((self.inputs[name][0] for name in slots if self.inputs.get(name)), ())

    def result(self, slot: str = "") -> Shape:
        """The shape of the first output in a slot; by default in ``Out``, ``Output`` or ``Y``."""
        slots = (slot,) if slot else ("Out", "Output", "Y")
        return next((self.outputs[name][0] for name in slots if self.outputs.get(name)), ())

    def attribute(self, name: str, default: Any) -> Any:  # noqa: ANN401 - as attributes are
        """The value of an attribute, or a default if it is left out."""
        return self.attributes.get(name, default)

    def __str__(self) -> str:
        """The operator with its shapes, as messages name it."""
        made = f" that makes {self.name!r}" if self.name else ""
        shapes = "x".join(map(str, self.shape()))
        return f"{self.kind}{made}" + (f" (of {shapes})" if shapes else "")


def is_any(_: Operator) -> bool:
    """The condition of laws that every operator of a kind meets."""
    return True


ARM = frozenset({Kernels.ARMV7, Kernels.ARMV8})
EVERYWHERE = frozenset(Kernels)
FLOATS = frozenset(set(Precision) - {Precision.INT8})
EVERY_PRECISION = frozenset(Precision)
"""The precisions of laws about float kernels that quantized models use as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """Something that kernels of one target compute wrongly, and what is done about it.

    Args:
        name: A short, unique name such as ``adaptive-average-windows``.
        operators: Kinds of the operators that it is about; empty for all kinds.
        condition: The condition on attributes and shapes, in words, for documents and messages.
        meets: Whether an operator of one of the kinds meets the condition. None if only the
            rewrite can tell, since it is about several operators and what ``opt`` makes of them;
            such a rewrite leaves no operator that meets the law.
        kernels: The kernels that compute it wrongly.
        precisions: The precisions in which they do.
        several_threads: Whether they do so with more than one thread only.
        happens: What is computed or fails, in words.
        answer: What is done with an operator that meets the law.
        rewrite: Name of the file in `edgeslim.paddle_io.rewrites`, if the answer is a rewrite.
        form: What the operator is rewritten as, in words such as ``as products and roots``.
        mend: What a user can do if the operator is refused, for the message.
        source: The place in Paddle-Lite's source, or where it was observed.
    """

    name: str
    operators: tuple[str, ...]
    condition: str
    meets: Callable[[Operator], bool] | None
    happens: str
    source: str
    answer: Answer = Answer.REWRITTEN
    kernels: frozenset[Kernels] = ARM
    precisions: frozenset[Precision] = FLOATS
    several_threads: bool = False
    rewrite: str = ""
    form: str = ""
    mend: str = ""

    def is_about(self, place: Place) -> bool:
        """Whether the law holds in a place."""
        return bool(
            self.kernels & place.kernels
            and place.precision in self.precisions
            and not (self.several_threads and place.threads == 1)
        )

    def is_met_by(self, operator: Operator) -> bool:
        """Whether an operator is one that the kernels compute wrongly."""
        if self.meets is None or (self.operators and operator.kind not in self.operators):
            return False
        stays = self.answer is Answer.FP32 and operator.attribute(FLOAT_KERNEL, True) is False
        return not stays and self.meets(operator)
