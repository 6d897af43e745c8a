"""Operators of a program description, run one by one in dynamic mode, with gradients.

Paddle has a function for each operator of its old programs in ``paddle._legacy_C_ops``. It
takes the tensors of the slots in a fixed order, which Paddle provides, and then names and
values of attributes. Some operators are run by Paddle's current functions (`eager_functions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.ops import known_kinds
from edgeslim.paddle_io.eager_functions import FUNCTIONS, OLDER_NAMES, Compute, Function, Slots
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.proto import attribute_value

__all__ = ["EagerOperator"]

_NOT_TRAINED = (
    "a model that was saved with it can be deployed and measured, and to be trained, its network "
    "must be given as net.py:FUNCTION"
)

_IRRELEVANT_ATTRIBUTES = frozenset(
    {"op_callstack", "op_device", "op_namescope", "op_role", "op_role_var"}
)
"""Attributes of every operator that do not change what it computes."""


class EagerOperator:
    """One operator of a program, which is called for each batch.

    Args:
        op: The operator's description, an ``OpDesc``.
        compute: A function that runs it instead of Paddle's own.

    Attributes:
        kind: Type of the operator.
        inputs: Names of the tensors that it reads, by slot.
        outputs: Names of the tensors that it writes, by slot.
        attributes: Values of the attributes that it computes with, by name.

    Raises:
        ModelError: Paddle cannot run it in dynamic mode, or not with these inputs.
    """

    def __init__(self, op: Any, compute: Compute | None = None) -> None:  # noqa: ANN401
        self.kind: str = op.type
        self.inputs = _names(op.inputs)
        self.outputs = _names(op.outputs)
        self.attributes = _attributes(op)
        function = FUNCTIONS.get(self.kind) or _legacy(self)
        for slot in self.inputs:
            if slot not in function.slots:
                raise ModelError(
                    f"{self.kind} cannot be run in dynamic mode with its input {slot!r}; "
                    f"{_NOT_TRAINED}"
                )
        self._compute = compute or function.compute

    def __call__(
        self, given: Slots, attributes: Mapping[str, Any] | None = None, *, training: bool = False
    ) -> Slots:
        """Computes the outputs by slot.

        Args:
            given: The input tensors by slot.
            attributes: Values that replace its own attributes.
            training: Whether batch statistics are used and dropout is active.
        """
        return self._compute(given, self.attributes if attributes is None else attributes, training)


def _names(slots: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
    return {slot.parameter: tuple(slot.arguments) for slot in slots if slot.arguments}


def _attributes(op: Any) -> dict[str, Any]:  # noqa: ANN401 - an OpDesc
    """Attributes that Paddle describes for a kind, or that edgeslim knows to matter."""
    load_paddle()
    from paddle.base.framework import OpProtoHolder

    try:
        description = OpProtoHolder.instance().get_op_proto(op.type)
    except ValueError as error:
        raise ModelError(
            f"{op.type} cannot be run in dynamic mode: Paddle does not know it; {_NOT_TRAINED}"
        ) from error
    wanted = {attr.name for attr in description.attrs if not attr.extra}
    known = known_kinds().get(op.type)
    if known is not None:
        wanted |= set(known.attributes)
    wanted |= OLDER_NAMES.get(op.type, frozenset())
    wanted -= _IRRELEVANT_ATTRIBUTES
    return {attr.name: attribute_value(attr) for attr in op.attrs if attr.name in wanted}


def _legacy(operator: EagerOperator) -> Function:
    """Paddle's function of the same name."""
    load_paddle()
    from paddle import _legacy_C_ops

    kind = operator.kind
    slots = _legacy_C_ops.get_core_ops_args_info().get(kind)
    if slots is None or not hasattr(_legacy_C_ops, kind):
        raise ModelError(
            f"{kind} cannot be run in dynamic mode: Paddle has no function for it; {_NOT_TRAINED}"
        )
    return Function(slots, _Legacy(operator, slots))


class _Legacy:
    """Runs an operator by Paddle's function of the same name."""

    def __init__(self, operator: EagerOperator, slots: Sequence[str]) -> None:
        from paddle import _legacy_C_ops
        from paddle.base.core import eager

        kind = operator.kind
        types = _legacy_C_ops.get_core_ops_args_type_info()[kind]
        self._function = getattr(_legacy_C_ops, kind)
        self._arguments = [
            (slot, argument == "list", _missing(slot, argument, operator, eager.Tensor))
            for slot, argument in zip(slots, types, strict=True)
        ]
        self._returns: list[str] = _legacy_C_ops.get_core_ops_returns_info()[kind]
        self._own = operator.attributes
        self._flat = _flat(operator.attributes)

    def __call__(self, given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
        arguments = [
            missing() if slot not in given else (list(given[slot]) if many else given[slot][0])
            for slot, many, missing in self._arguments
        ]
        flat = self._flat if attributes is self._own else _flat(attributes)
        result = self._function(*arguments, *flat)
        if not isinstance(result, tuple):
            result = (result,)
        return {
            slot: output if isinstance(output, list) else (output,)
            for slot, output in zip(self._returns, result, strict=True)
        }


def _missing(
    slot: str, argument: str, operator: EagerOperator, new: Callable[[], Any]
) -> Callable[[], Any]:
    """What is passed for a slot without inputs: tensors for outputs, their number, or None."""
    if argument == "int":
        count = len(operator.outputs[slot.removesuffix("Num")])
        return lambda: count
    if slot not in operator.outputs:
        return lambda: None
    if argument == "list":
        return lambda: [new() for _ in operator.outputs[slot]]
    return new


def _flat(attributes: Mapping[str, Any]) -> list[Any]:
    return [part for item in attributes.items() for part in item]
