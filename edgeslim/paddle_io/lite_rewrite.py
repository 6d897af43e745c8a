"""Rewrites a program so that Paddle-Lite can read it and fuses all it can.

Paddle strips "extra" attributes and outputs when it saves with its defaults; Paddle-Lite
2.13 reads them all the same and aborts or crashes without them. A convolution's bias is
saved behind a ``reshape2`` that no fusion looks through. And some operators have another
name over there. All is put right here, in the description, so that saved models of any
origin take the same way as our own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.paddle_io.direct_biases import make_biases_direct
from edgeslim.paddle_io.merge_barriers import keep_apart
from edgeslim.paddle_io.proto import add_attribute, framework

__all__ = ["rewrite_for_lite"]

_OTHER_NAMES: dict[str, tuple[str, dict[str, str]]] = {
    "bmm": ("matmul_v2", {}),
    "brelu": ("clip", {"t_min": "min", "t_max": "max"}),
    "channel_shuffle": ("shuffle_channel", {"groups": "group"}),
    "depthwise_conv2d_transpose": ("conv2d_transpose", {}),
    "reduce_amax": ("reduce_max", {}),
    "reduce_amin": ("reduce_min", {}),
}
"""Operators that Paddle-Lite has under another name, and their attributes' other names."""

_DEFAULTS: dict[str, dict[str, float | bool | int | str]] = {
    # Stripped as "extra" when a model is saved with Paddle's defaults …
    "relu6": {"threshold": 6.0},
    "swish": {"beta": 1.0},
    "dropout": {"fix_seed": False, "seed": 0, "is_test": True},
    # … and what models of older versions or other tools leave out.
    "hard_swish": {"threshold": 6.0, "scale": 6.0, "offset": 3.0},
    "leaky_relu": {"alpha": 0.02},
    "batch_norm": {"is_test": True},
    "matmul_v2": {"trans_x": False, "trans_y": False},
    "pool2d": {"adaptive": False, "ceil_mode": False, "exclusive": True},
}

_SCRATCH_OUTPUTS: dict[str, tuple[str, ...]] = {
    "dropout": ("Mask",),
    "flatten2": ("XShape",),
    "flatten_contiguous_range": ("XShape",),
    "instance_norm": ("SavedMean", "SavedVariance"),
    "reshape2": ("XShape",),
    "squeeze2": ("XShape",),
    "transpose2": ("XShape",),
    "unsqueeze2": ("XShape",),
}

_CONSTANTS = {
    0: ("bool_values", "i"),
    2: ("int32_values", "i"),
    3: ("int64_values", "l"),
    5: ("fp32_values", "r"),
}
"""By Paddle's number of a type, where Paddle-Lite looks for constants, and of what they are."""


def rewrite_for_lite(program: Any) -> list[str]:  # noqa: ANN401 - a ProgramDesc
    """Changes a program in place; says what was changed, a phrase for each kind of change.

    The persistent tensors stay as they are, so the parameter file stays valid.

    Raises:
        ModelError: The network has its channels last.
    """
    _refuse_channels_last(program)
    done: Counter[str] = Counter()
    for block in program.blocks:
        for op in block.ops:
            done += _renamed(op)
            done += _with_defaults(op)
            done += _with_scratch_outputs(block, op)
            done += _with_listed_constants(op)
        done += _without_scalars(block)
    done += make_biases_direct(program)
    done += keep_apart(program)
    return [f"{what} ({count})" for what, count in sorted(done.items())]


def _refuse_channels_last(program: Any) -> None:  # noqa: ANN401
    """Paddle-Lite takes all for channels first and computes something else, without a word."""
    for block in program.blocks:
        for op in block.ops:
            for attribute in op.attrs:
                if attribute.name in {"data_format", "data_layout"} and attribute.s == "NHWC":
                    raise ModelError(
                        f"the network has its channels last ({attribute.name}=NHWC at {op.type}) "
                        "and Paddle-Lite knows channels first only; build it with NCHW"
                    )


def _renamed(op: Any) -> Counter[str]:  # noqa: ANN401
    """The name that Paddle-Lite has for an operator."""
    old = op.type
    if old not in _OTHER_NAMES:
        return Counter()
    op.type, names = _OTHER_NAMES[old]
    types = framework().AttrType
    for attribute in op.attrs:
        attribute.name = names.get(attribute.name, attribute.name)
        if attribute.type == types.LONGS:  # what the operators named instead have as 32 bits
            attribute.type = types.INTS
            attribute.ints.extend(attribute.longs)
            del attribute.longs[:]
    return Counter({f"{old} called {op.type}": 1})


def _with_defaults(op: Any) -> Counter[str]:  # noqa: ANN401
    """Attributes that Paddle leaves out when they have their default value."""
    present = {attribute.name for attribute in op.attrs}
    done: Counter[str] = Counter()
    for name, value in _DEFAULTS.get(op.type, {}).items():
        if name in present:
            continue
        add_attribute(op, name, value)
        done[f"{op.type}: {name} restored"] += 1
    return done


def _with_scratch_outputs(block: Any, op: Any) -> Counter[str]:  # noqa: ANN401
    """Outputs that nothing reads but Paddle-Lite looks for."""
    done: Counter[str] = Counter()
    for slot in _SCRATCH_OUTPUTS.get(op.type, ()):
        given = [output for output in op.outputs if output.parameter == slot]
        if any(output.arguments for output in given):
            continue
        result = next(output for output in op.outputs if output.arguments).arguments[0]
        name = f"{result}.{slot.lower()}"
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


def _with_listed_constants(op: Any) -> Counter[str]:  # noqa: ANN401
    """Constants in the list of their type, where Paddle 3 has one list for all types."""
    given = {attribute.name: attribute for attribute in op.attrs}
    if op.type != "assign_value" or "values" not in given:
        return Counter()
    name, field = _CONSTANTS.get(given["dtype"].i, ("", ""))
    if not name or name in given:
        return Counter()
    values = tuple(_number(each, field) for each in given["values"].scalars)
    add_attribute(op, name, values, like=(0.0,) if field == "r" else (0,), long=field == "l")
    return Counter({"assign_value: constants listed": 1})


def _number(scalar: Any, field: str) -> int | float:  # noqa: ANN401 - a Scalar
    types = type(scalar)
    number = {types.BOOLEAN: scalar.b, types.LONG: scalar.i}.get(scalar.type, scalar.r)
    return float(number) if field == "r" else int(number)


def _without_scalars(block: Any) -> Counter[str]:  # noqa: ANN401
    """Constants of one element instead of constants without axes.

    Paddle-Lite converts the latter and aborts on the device when it comes to them.
    """
    variables = {variable.name: variable for variable in block.vars}
    done: Counter[str] = Counter()
    for op in block.ops:
        if op.type != "fill_constant" or any(slot.arguments for slot in op.inputs):
            continue
        shape = next((each for each in op.attrs if each.name == "shape"), None)
        if shape is None or shape.ints or shape.longs:
            continue
        long = shape.type == framework().AttrType.LONGS
        (shape.longs if long else shape.ints).append(1)
        for output in op.outputs:
            for name in output.arguments:
                variables[name].type.dense_tensor.tensor.dims.append(1)
        done["fill_constant: an axis added"] += 1
    return done
