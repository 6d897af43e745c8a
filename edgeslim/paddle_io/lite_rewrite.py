"""Rewrites a program so that Paddle-Lite can read it and fuses all it can.

Paddle strips "extra" attributes and outputs when it saves with its defaults; Paddle-Lite
2.13 reads them all the same and aborts or crashes without them. And a convolution's bias
is saved behind a ``reshape2`` that no fusion looks through. Both are put right here, in
the description, so that saved models of any origin take the same way as our own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import framework

__all__ = ["rewrite_for_lite"]

_DEFAULTS: dict[str, dict[str, float | bool | int | str]] = {
    "relu6": {"threshold": 6.0},
    "swish": {"beta": 1.0},
    "hard_swish": {"threshold": 6.0, "scale": 6.0, "offset": 3.0},
    "leaky_relu": {"alpha": 0.02},
    "dropout": {"fix_seed": False, "seed": 0, "is_test": True},
    "batch_norm": {"is_test": True},
    "pool2d": {"adaptive": False, "ceil_mode": False, "exclusive": True},
}

_SCRATCH_OUTPUTS: dict[str, tuple[str, ...]] = {
    "flatten_contiguous_range": ("XShape",),
    "flatten2": ("XShape",),
    "reshape2": ("XShape",),
    "squeeze2": ("XShape",),
    "unsqueeze2": ("XShape",),
    "transpose2": ("XShape",),
    "dropout": ("Mask",),
}


def rewrite_for_lite(program: Any) -> list[str]:  # noqa: ANN401 - a ProgramDesc
    """Changes a program in place; says what was changed, a phrase for each kind of change.

    The persistent tensors stay as they are, so the parameter file stays valid.
    """
    done: Counter[str] = Counter()
    for block in program.blocks:
        for op in block.ops:
            done += _with_defaults(op)
            done += _with_scratch_outputs(block, op)
    done += _with_direct_biases(program)
    return [f"{what} ({count})" for what, count in sorted(done.items())]


def _with_defaults(op: Any) -> Counter[str]:  # noqa: ANN401
    """Attributes that Paddle leaves out when they have their default value."""
    types = framework().AttrType
    present = {attribute.name for attribute in op.attrs}
    done: Counter[str] = Counter()
    for name, value in _DEFAULTS.get(op.type, {}).items():
        if name in present:
            continue
        attribute = op.attrs.add(name=name)
        if isinstance(value, bool):
            attribute.type, attribute.b = types.BOOLEAN, value
        elif isinstance(value, int):
            attribute.type, attribute.i = types.INT, value
        elif isinstance(value, float):
            attribute.type, attribute.f = types.FLOAT, value
        done[f"{op.type}: {name} restored"] += 1
    return done


def _with_scratch_outputs(block: Any, op: Any) -> Counter[str]:  # noqa: ANN401
    """Outputs that nothing reads but Paddle-Lite looks for."""
    done: Counter[str] = Counter()
    for slot in _SCRATCH_OUTPUTS.get(op.type, ()):
        given = [output for output in op.outputs if output.parameter == slot]
        if any(output.arguments for output in given):
            continue
        source = next(output for output in op.outputs if output.parameter == "Out").arguments[0]
        name = f"{source}.{slot.lower()}"
        proto = framework()
        variable = block.vars.add(name=name)
        variable.type.type = proto.VarType.DENSE_TENSOR
        variable.type.dense_tensor.tensor.data_type = proto.VarType.FP32
        variable.type.dense_tensor.tensor.dims.extend([0, 1])
        if given:
            given[0].arguments.append(name)
        else:
            op.outputs.add(parameter=slot, arguments=[name])
        done[f"{op.type}: {slot} restored"] += 1
    return done


def _with_direct_biases(program: Any) -> Counter[str]:  # noqa: ANN401
    """Lets additions read a bias itself instead of a reshaped copy of it.

    Paddle writes ``conv2d -> elementwise_add(Y=reshape2(bias))``; Paddle-Lite fuses
    ``conv2d -> elementwise_add(Y=bias, axis=1)`` only.
    """
    block = program.blocks[0]
    parameters = persistent_tensors(program)
    readers: Counter[str] = Counter(
        name for op in block.ops for slot in op.inputs for name in slot.arguments
    )
    reshaped = {}
    for index, op in enumerate(block.ops):
        if op.type != "reshape2":
            continue
        source = _argument(op.inputs, "X")
        result = _argument(op.outputs, "Out")
        if len(parameters.get(source, ())) == 1 and readers[result] == 1:
            reshaped[result] = (index, source)
    dropped = []
    for op in block.ops:
        if op.type != "elementwise_add":
            continue
        y = next(slot for slot in op.inputs if slot.parameter == "Y")
        if not y.arguments or y.arguments[0] not in reshaped:
            continue
        index, source = reshaped[y.arguments[0]]
        y.arguments[0] = source
        axis = next((each for each in op.attrs if each.name == "axis"), None)
        if axis is None:
            axis = op.attrs.add(name="axis", type=framework().AttrType.INT)
        axis.i = 1
        dropped.append(index)
    for index in sorted(dropped, reverse=True):
        del block.ops[index]
    return Counter({"bias made direct": len(dropped)} if dropped else {})


def _argument(slots: Any, name: str) -> str:  # noqa: ANN401
    for slot in slots:
        if slot.parameter == name and slot.arguments:
            return str(slot.arguments[0])
    return ""
