"""What a law is: which operators a target's kernels get wrong, and what is done about it."""

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
"""The attribute of an operator that stays in fp32, where it is false.

Of an operator that has it at all `opt` takes a kernel whose results are floats of 32 bits, unless
all that read them have it as well (Paddle-Lite, ``static_kernel_pick_pass.cc``).
"""


class Kernels(str, Enum):
    """A set of Paddle-Lite's kernels, which is finer than what ``opt`` converts for."""

    X86 = "x86"
    ARMV7 = "armv7"
    ARMV8 = "armv8"

    @property
    def target(self) -> Target:
        """What ``opt`` calls it."""
        return Target.X86 if self is Kernels.X86 else Target.ARM


class Answer(str, Enum):
    """What is done about a law."""

    REWRITTEN = "rewritten"
    """The operator is written in a form that is right everywhere."""
    FP32 = "fp32"
    """The operator stays in fp32 where the rest is fp16."""
    ONE_THREAD = "one thread"
    """It is right with one thread only, and is refused with more."""
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """An operator of a program as laws see it: shapes and attributes, but no values.

    Args:
        kind: Its type, as programs name it.
        name: The first tensor that it makes.
        inputs: Shapes of the tensors read, by slot; an open extent is -1.
        outputs: Likewise of those written.
        attributes: By name; lists are tuples.
        constants: Slots that parameters are in.
        makers: Kinds of the operators that make its inputs, by slot; no entry for parameters and
            inputs of the network. Where `opt` took an activation into one, that activation.
        readers: Kinds of the operators that read its first result.
        read: Slots of the outputs that an operator reads, or that the network gives.
        read_inside: Those that an operator reads.
        element_type: NumPy's name of what its first input is of.
        types: Likewise of the first input in each slot.
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

    def given(self, name: str, default: Any) -> Any:  # noqa: ANN401 - as attributes are
        """An attribute, or what it is where it is not written."""
        return self.attributes.get(name, default)

    def __str__(self) -> str:
        """The operator with its shapes, as messages name it."""
        made = f" that makes {self.name!r}" if self.name else ""
        shapes = "x".join(map(str, self.shape()))
        return f"{self.kind}{made}" + (f" (of {shapes})" if shapes else "")


def is_any(_: Operator) -> bool:
    """The condition of laws about every operator of a kind."""
    return True


ARM = frozenset({Kernels.ARMV7, Kernels.ARMV8})
EVERYWHERE = frozenset(Kernels)
FLOATS = frozenset(set(Precision) - {Precision.INT8})
EVERY_PRECISION = frozenset(Precision)
"""That of kernels for floats which a quantized model has as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """Something that kernels of one target get wrong, and what is done about it.

    Args:
        name: Short and unique, such as ``adaptive-average-windows``.
        operators: Kinds of the operators that it is about; none is all.
        condition: On attributes and shapes, in words, for documents and messages.
        meets: Whether an operator of one of the kinds meets the condition. None where only the
            rewriting can see it, since it is about several operators and what ``opt`` makes of
            them; such a law has a rewriting that leaves none.
        kernels: Those that get it wrong.
        precisions: In which they do.
        several_threads: Whether they do with more than one thread only.
        happens: What comes out, in words.
        answer: What is done.
        rewrite: File of `edgeslim.paddle_io.rewrites` that does it, where it is rewritten.
        form: As what it is written, in words such as ``as products and roots``.
        mend: What a user can do where it is refused; for the message.
        source: Where in Paddle-Lite it comes from, or where it was seen.
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
        """Whether what it says happens in a place."""
        return bool(
            self.kernels & place.kernels
            and place.precision in self.precisions
            and not (self.several_threads and place.threads == 1)
        )

    def is_met_by(self, operator: Operator) -> bool:
        """Whether an operator is one that kernels get wrong."""
        if self.meets is None or (self.operators and operator.kind not in self.operators):
            return False
        stays = self.answer is Answer.FP32 and operator.given(FLOAT_KERNEL, True) is False
        return not stays and self.meets(operator)
