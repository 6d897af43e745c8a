"""Paddle's functions made able to write programs of the old kind again.

Paddle 3.3 moved some sixty functions (``sigmoid``, ``exp``, ``matmul``, ``sum`` …) into
native code that knows eager tensors and programs of the new kind only. Tracing a network
for Paddle-Lite, which reads the old kind, stops at the first of them: "must be Value, but
got Variable". The old operators are all still there, with descriptions of their slots and
attributes, so a call with a variable of an old program can be answered by appending one.

All ways to such a function (``paddle.exp``, ``F.sigmoid``, ``x.exp()``, names imported from
anywhere) end in one native object, which stands in namespaces all over Paddle; it is
replaced in every one of them for the time of an export.
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
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.legacy_mends import devices_of_nothing, mended_functions
from edgeslim.paddle_io.legacy_operators import OPERATOR_TYPES, PARAMETERS, adjusted
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.replaced import replaced

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
"""Names of parameters that the native code takes as well as those in its signature."""


@contextmanager
def legacy_functions() -> Iterator[None]:
    """Until it is left, all of Paddle's functions can be traced into an old program."""
    replacements = _replacements()
    places = _places(replacements)
    from paddle.base.framework import Variable

    try:
        for owner, name, value in places:
            setattr(owner, name, replacements[id(value)])
        # Functions of today ask it of whatever they are given.
        with replaced(Variable, {"is_cuda": False}), devices_of_nothing():
            yield
    finally:
        for owner, name, value in places:
            setattr(owner, name, value)


@functools.cache
def _replacements() -> dict[int, Function]:
    """By the identity of a function of Paddle: what does the same in an old program."""
    paddle = load_paddle()
    found = {id(native): _replacement(name, native) for name, native in _natives().items()}
    found |= {id(broken): mended for broken, mended in mended_functions()}
    for function, instead in (
        (paddle.repeat_interleave, _with_axis_from_first),
        (paddle.nn.functional.common._interpolate_wrapper, _to_whole_sizes),  # noqa: SLF001
    ):
        found[id(function)] = instead(function)
    return found


def _natives() -> dict[str, Function]:
    """The functions that Paddle generates for native code, without those in place."""
    load_paddle()
    from paddle import _C_ops
    from paddle.base.dygraph import generated_tensor_methods_patch as generated

    names = dict([*generated.methods_map, *generated.funcs_map, *generated.nn_funcs_map])
    return {name: getattr(_C_ops, name) for name in names if not name.endswith("_")}


class _Namespace(NamedTuple):
    """Which names of a module, or of a class, are functions to replace.

    Args:
        owner: The module or class.
        size: How many names it had: with more or fewer, it is looked through again.
        names: Of those functions.
    """

    owner: Any
    size: int
    names: tuple[str, ...]


_NAMESPACES: dict[str, _Namespace] = {}
"""By the names of modules. To look through all of them takes longer than most exports."""


def _places(replacements: Mapping[int, Function]) -> list[tuple[Any, str, Function]]:
    """Owners, names and values of everything that has a replacement."""
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
    # Tracing rewrites the source of all functions it meets but those marked so.
    marked: Function = paddle.jit.not_to_static(dispatch)
    return marked


def _with_axis_from_first(repeat: Function) -> Function:
    """``repeat_interleave`` with its axis counted from the first, as the old operator wants it."""
    signature = inspect.signature(repeat)

    @functools.wraps(repeat)
    def repeated(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        given = signature.bind(*args, **_with_names(signature, kwargs)).arguments
        if given.get("axis") is not None:
            given["axis"] %= len(given["x"].shape)
        return repeat(**given)

    return repeated


def _to_whole_sizes(interpolate: Function) -> Function:
    """``interpolate`` to the sizes that it has in dynamic mode.

    There they are the extents times the factor in double precision; the old operator keeps the
    factor in single, and 10 times 1.3 is a little less than 13 then, and so 12.
    """
    signature = inspect.signature(interpolate)

    @functools.wraps(interpolate)
    def interpolated(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        try:
            given = signature.bind(*args, **kwargs).arguments
            extents, factor = given["x"].shape[2:], given["scale_factor"]
        except (TypeError, KeyError):
            return interpolate(*args, **kwargs)
        factors = list(factor) if isinstance(factor, (list, tuple)) else [factor] * len(extents)
        numbers = all(isinstance(each, (int, float)) for each in factors)
        known = len(factors) == len(extents) and min(extents, default=0) > 0
        if not numbers or not known or str(given.get("data_format")).endswith("C"):
            return interpolate(*args, **kwargs)
        singles = [_single(*pair) for pair in zip(factors, extents, strict=True)]
        if given.get("mode", "nearest").lower() == "nearest":
            places = [_nearest(*each) for each in zip(factors, singles, extents, strict=True)]
            if any(found != wanted for found, wanted in places):
                return _picked(given["x"], [wanted for _, wanted in places])
        return interpolate(**{**given, "scale_factor": singles})

    return interpolated


def _nearest(factor: float, single: float, extent: int) -> tuple[list[int], list[int]]:
    """Which pixels are the nearest by the factor that the program has, and by the layer's own."""
    one, count = np.float32(1.0), np.arange(int(extent * factor), dtype=np.float32)
    by_single, by_own = (
        np.minimum((one / np.float32(each) * count).astype(int), extent - 1).tolist()
        for each in (single, factor)
    )
    return by_single, by_own


def _picked(x: Any, places: Sequence[Sequence[int]]) -> Any:  # noqa: ANN401 - Variables
    """Pixels by their numbers, axis by axis."""
    paddle = load_paddle()
    for axis, numbers in enumerate(places, start=2):
        indices = paddle.assign(np.asarray(numbers, np.int64))
        x = paddle.index_select(x, indices, axis)
    return x


def _single(factor: float, extent: int) -> float:
    """The factor in single precision, or its neighbour if that gives the right size."""
    nearest = np.float32(factor)
    candidates = [
        float(each)
        for each in (nearest, *(np.nextafter(nearest, np.float32(to)) for to in (np.inf, 0.0)))
    ]
    wanted = int(extent * factor)
    return next((each for each in candidates if int(extent * each) == wanted), factor)


def _holds(values: Iterable[Any], kind: type) -> bool:
    return any(
        isinstance(value, kind) or (isinstance(value, (list, tuple)) and _holds(value, kind))
        for value in values
    )


def _with_names(signature: inspect.Signature, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments by the names that the signature has for them."""
    return {
        name if name in signature.parameters else _ALIASES.get(name, name): value
        for name, value in kwargs.items()
    }


def _append(name: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - a Variable
    """Appends the old operator of a function to the program that is being made."""
    from paddle.base.framework import OpProtoHolder, Variable
    from paddle.base.layer_helper import LayerHelper

    if given.get("out") is not None:
        raise ModelError(f"{name}(out=...) cannot be saved; use what it returns")
    operator = OPERATOR_TYPES.get(name, name)
    description = OpProtoHolder.instance().get_op_proto(operator)
    given = adjusted(name, given)
    inputs, attributes = {}, {}
    for slot in description.inputs:
        value = given.get(PARAMETERS.get(slot.name, slot.name.lower()))
        if _holds([value], Variable):
            inputs[slot.name] = value
    for attribute in description.attrs:
        value = given.get(PARAMETERS.get(attribute.name, attribute.name))
        if value is not None and not attribute.extra:
            attributes[attribute.name] = _typed(attribute.type, value)
    maker = LayerHelper(operator)
    outputs = {
        slot.name: maker.create_variable_for_type_inference(given["x"].dtype)
        for slot in description.outputs
    }
    maker.append_op(type=operator, inputs=inputs, outputs=outputs, attrs=attributes)
    return next(iter(outputs.values()))


def _typed(kind: int, value: Any) -> Any:  # noqa: ANN401
    """A value of the type that an attribute is declared to have."""
    types = framework().AttrType
    if kind in {types.INTS, types.LONGS}:
        return [int(each) for each in (value if isinstance(value, (list, tuple)) else [value])]
    convert: dict[int, Callable[[Any], Any]] = {
        types.INT: int,
        types.LONG: int,
        types.FLOAT: float,
        types.BOOLEAN: bool,
        types.STRING: str,
    }
    return convert.get(kind, lambda same: same)(value)
