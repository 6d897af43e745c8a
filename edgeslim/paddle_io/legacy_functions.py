"""Replacements of Paddle's functions that can write programs of the old kind.

Paddle 3.3 moved some sixty functions (``sigmoid``, ``exp``, ``matmul``, ``sum`` …) into
native code that knows eager tensors and programs of the new kind only. Tracing a network
for Paddle-Lite, which reads the old kind, stops at the first of them: "must be Value, but
got Variable". The old operators are all still there, with descriptions of their slots and
attributes, so that a call with a variable of an old program can append one.

All names of such a function (``paddle.exp``, ``F.sigmoid``, ``x.exp()``, names imported from
anywhere) refer to one native object, which is in namespaces all over Paddle; it is
replaced in every one of them during an export.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.attribute_replacement import replace_attributes
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.legacy_mends import allow_missing_devices, replacement_functions
from edgeslim.paddle_io.legacy_operators import OPERATOR_TYPES, PARAMETERS, operator_arguments
from edgeslim.paddle_io.proto import framework

__all__ = ["legacy_functions"]

Function = Callable[..., Any]

_ALIASES = {
    "input": "x",
    "other": "y",
    "mat2": "y",
    "dim": "axis",
    "dims": "axis",
    "dim1": "axis1",
    "dim2": "axis2",
}
"""Names of parameters that the native code accepts besides those in its signature."""


@contextmanager
def legacy_functions() -> Iterator[None]:
    """Makes all of Paddle's functions traceable into an old program while the context lasts."""
    replacements = _replacements()
    places = _places(replacements)
    from paddle.base.framework import Variable

    try:
        for owner, name, value in places:
            setattr(owner, name, replacements[id(value)])
        # Paddle's current functions read this attribute of their arguments.
        with replace_attributes(Variable, {"is_cuda": False}), allow_missing_devices():
            yield
    finally:
        for owner, name, value in places:
            setattr(owner, name, value)


@functools.cache
def _replacements() -> dict[int, Function]:
    """The replacement of each function of Paddle, by the function's identity."""
    paddle = load_paddle()
    found = {id(native): _replacement(name, native) for name, native in _natives().items()}
    found |= {id(broken): mended for broken, mended in replacement_functions()}
    for function, instead in (
        (paddle.repeat_interleave, _with_axis_from_first),
        (paddle.nn.functional.common._interpolate_wrapper, _to_whole_sizes),  # noqa: SLF001
    ):
        found[id(function)] = instead(function)
    return found


def _natives() -> dict[str, Function]:
    """The functions that Paddle generates for native code, except those that work in place."""
    load_paddle()
    from paddle import _C_ops
    from paddle.base.dygraph import generated_tensor_methods_patch as generated

    names = dict([*generated.methods_map, *generated.funcs_map, *generated.nn_funcs_map])
    return {name: getattr(_C_ops, name) for name in names if not name.endswith("_")}


class _Namespace(NamedTuple):
    """The names of functions to replace in a module or class.

    Args:
        owner: The module or class.
        size: The number of its names; if it changes, the names are searched again.
        names: The names of functions that have a replacement.
    """

    owner: Any
    size: int
    names: tuple[str, ...]


_NAMESPACES: dict[str, _Namespace] = {}
"""Found names by module; searching all modules takes longer than most exports."""


def _places(replacements: Mapping[int, Function]) -> list[tuple[Any, str, Function]]:
    """Owner, name and value of everything that has a replacement."""
    from paddle.base.framework import Variable

    owners = {"paddle Variable": Variable, **sys.modules}
    found = []
    for key, owner in owners.items():
        if not hasattr(owner, "__dict__"):
            continue
        content = vars(owner)
        known = _NAMESPACES.get(key)
        if known is None or known.owner is not owner or known.size != len(content):
            names = tuple(
                name for name, value in tuple(content.items()) if id(value) in replacements
            )
            known = _NAMESPACES[key] = _Namespace(owner, len(content), names)
        values = ((name, content.get(name)) for name in known.names)
        found += [(owner, name, value) for name, value in values if id(value) in replacements]
    return found


def _replacement(name: str, native: Function) -> Function:
    paddle = load_paddle()
    from paddle.base.framework import Variable

    public = getattr(paddle, name, None) or getattr(paddle.nn.functional, name)
    signature = inspect.signature(public)

    def dispatch(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the native function
        if not _holds([*args, *kwargs.values()], Variable):
            return native(*args, **kwargs)
        bound = signature.bind(*args, **_with_names(signature, kwargs))
        bound.apply_defaults()
        return _append(name, dict(bound.arguments))

    dispatch.__name__ = name
    # Tracing rewrites the source of all functions that are not marked so.
    marked: Function = paddle.jit.not_to_static(dispatch)
    return marked


def _with_axis_from_first(repeat: Function) -> Function:
    """``repeat_interleave`` with its axis counted from the first, as the old operator needs it."""
    signature = inspect.signature(repeat)

    @functools.wraps(repeat)
    def repeat_on_axis(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        given = signature.bind(*args, **_with_names(signature, kwargs)).arguments
        if given.get("axis") is not None:
            given["axis"] %= len(given["x"].shape)
        return repeat(**given)

    return repeat_on_axis


def _to_whole_sizes(interpolate: Function) -> Function:
    """``interpolate`` to the sizes that it has in dynamic mode.

    There they are the extents times the factor in double precision; the old operator holds the
    factor in single precision, in which 10 times 1.3 is a little less than 13, and so 12.
    """
    signature = inspect.signature(interpolate)

    @functools.wraps(interpolate)
    def interpolate_exactly(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        try:
            given = signature.bind(*args, **kwargs).arguments
            extents, factor = given["x"].shape[2:], given["scale_factor"]
        except (TypeError, KeyError):
            return interpolate(*args, **kwargs)
        factors = list(factor) if isinstance(factor, (list, tuple)) else [factor] * len(extents)
        are_numbers = all(isinstance(number, (int, float)) for number in factors)
        is_known = len(factors) == len(extents) and min(extents, default=0) > 0
        if not are_numbers or not is_known or str(given.get("data_format")).endswith("C"):
            return interpolate(*args, **kwargs)
        singles = [_single(*pair) for pair in zip(factors, extents, strict=True)]
        if given.get("mode", "nearest").lower() == "nearest":
            pixels = [_nearest(*axis) for axis in zip(factors, singles, extents, strict=True)]
            if any(found != wanted for found, wanted in pixels):
                return _select_pixels(given["x"], [wanted for _, wanted in pixels])
        return interpolate(**{**given, "scale_factor": singles})

    return interpolate_exactly


def _nearest(factor: float, single: float, extent: int) -> tuple[list[int], list[int]]:
    """The nearest pixels by the factor in the program, and by the layer's own factor."""
    one, count = np.float32(1.0), np.arange(int(extent * factor), dtype=np.float32)
    by_single, by_own = (
        np.minimum((one / np.float32(scale) * count).astype(int), extent - 1).tolist()
        for scale in (single, factor)
    )
    return by_single, by_own


def _select_pixels(x: Any, indices: Sequence[Sequence[int]]) -> Any:  # noqa: ANN401 - Variables
    """Pixels by their indices, axis by axis."""
    paddle = load_paddle()
    for axis, along in enumerate(indices, start=2):
        x = paddle.index_select(x, paddle.assign(np.asarray(along, np.int64)), axis)
    return x


def _single(factor: float, extent: int) -> float:
    """The factor in single precision, or the neighbouring number that gives the right size."""
    nearest = np.float32(factor)
    candidates = [
        float(candidate)
        for candidate in (nearest, *(np.nextafter(nearest, np.float32(to)) for to in (np.inf, 0.0)))
    ]
    wanted = int(extent * factor)
    return next(
        (candidate for candidate in candidates if int(extent * candidate) == wanted), factor
    )


def _holds(values: Iterable[Any], kind: type) -> bool:
    return any(
        isinstance(value, kind) or (isinstance(value, (list, tuple)) and _holds(value, kind))
        for value in values
    )


def _with_names(signature: inspect.Signature, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments by the names in the signature."""
    return {
        name if name in signature.parameters else _ALIASES.get(name, name): value
        for name, value in kwargs.items()
    }


def _append(name: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - a Variable
    """Appends the old operator of a function to the program that is being traced."""
    from paddle.base.framework import OpProtoHolder, Variable
    from paddle.base.layer_helper import LayerHelper

    if given.get("out") is not None:
        raise ModelError(f"{name}(out=...) cannot be saved; use what it returns")
    operator = OPERATOR_TYPES.get(name, name)
    description = OpProtoHolder.instance().get_op_proto(operator)
    given = operator_arguments(name, given)
    inputs, attributes = {}, {}
    for slot in description.inputs:
        value = given.get(PARAMETERS.get(slot.name, slot.name.lower()))
        if _holds([value], Variable):
            inputs[slot.name] = value
    for attribute in description.attrs:
        value = given.get(PARAMETERS.get(attribute.name, attribute.name))
        if value is not None and not attribute.extra:
            attributes[attribute.name] = _convert(attribute.type, value)
    maker = LayerHelper(operator)
    outputs = {
        slot.name: maker.create_variable_for_type_inference(given["x"].dtype)
        for slot in description.outputs
    }
    maker.append_op(type=operator, inputs=inputs, outputs=outputs, attrs=attributes)
    return next(iter(outputs.values()))


def _convert(kind: int, value: Any) -> Any:  # noqa: ANN401
    """Converts a value to the declared type of an attribute."""
    types = framework().AttrType
    if kind in {types.INTS, types.LONGS}:
        return [int(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
    convert: dict[int, Callable[[Any], Any]] = {
        types.INT: int,
        types.LONG: int,
        types.FLOAT: float,
        types.BOOLEAN: bool,
        types.STRING: str,
    }
    return convert.get(kind, lambda same: same)(value)
