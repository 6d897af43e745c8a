"""What changes shapes and order and computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, paddle, weighted

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_PICTURE, _THREE, _TWO = (1, 8, 6, 7), (2, 6, 9), (4, 12)


def _method(name: str, *positional: str) -> Callable[[Attributes, Sequence[int]], Any]:
    """A function of ``paddle`` with attributes by place, the rest by name."""

    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = [a[each] for each in positional]
        named = {each: value for each, value in a.items() if each not in positional}
        return lambda x: getattr(paddle, name)(x, *own, **named)

    return build


def _pad(a: Attributes, shape: Sequence[int]) -> Any:
    sides = list(a["pad"])[: 2 * (len(shape) - 2)]
    return lambda x: F.pad(x, sides, a["mode"], a["value"])


def _pad_all(a: Attributes, shape: Sequence[int]) -> Any:
    sides = [0] * 2 * len(shape)
    sides[2 * (len(shape) - 1)], sides[3] = 1, 2
    return lambda x: F.pad(x, sides, value=a["value"])


def _concat(a: Attributes, shape: Sequence[int]) -> Any:
    return weighted(
        tuple(shape),
        lambda x, w: paddle.concat([F.relu(x), x, w][-a["parts"] :], a["axis"]),
    )


def _stack(a: Attributes, shape: Sequence[int]) -> Any:
    return weighted(tuple(shape), lambda x, w: paddle.stack([x, F.relu(x), w], a["axis"]))


_SLICES: dict[str, Callable[[Any], Any]] = {
    "x[:, 1:4]": lambda x: x[:, 1:4],
    "x[..., :-1]": lambda x: x[..., :-1],
    "x[:, -3:]": lambda x: x[:, -3:],
    "x[:, ::2]": lambda x: x[:, ::2],
    "x[..., ::-1]": lambda x: x[..., ::-1],
    "x[:, 0]": lambda x: x[:, 0],
    "x[:, -1:]": lambda x: x[:, -1:],
    "x[:, 1:4, 1:3]": lambda x: x[:, 1:4, 1:3],
    "x[:, None]": lambda x: x[:, None],
    "x[..., 5:1:-2]": lambda x: x[..., 5:1:-2],
    "x[0]": lambda x: x[0],
}


def _indexed(a: Attributes, _shape: Sequence[int]) -> Any:
    return _SLICES[a["slice"]]


def _expand(a: Attributes, shape: Sequence[int]) -> Any:
    wanted = {
        "batch": [3, *shape[1:]],
        "kept": [3, *(-1 for _ in shape[1:])],
        "axis": [2, 1, *shape[1:]],
    }
    return lambda x: getattr(paddle, a["function"])(x[:1], wanted[a["shape"]])


def _reshape(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: paddle.reshape(x, a["shape"])


def _diag(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: paddle.diagonal(x, a["offset"], a["axis1"], a["axis2"])


_SECTIONS = (2, [1, -1], [2, 1, -1], 3)

OPERATORS: dict[str, Operator] = {
    "reshape": Operator(
        build=_reshape,
        shapes=((1, 8, 6, 8),),
        choices={
            "shape": ([0, -1], [1, 2, 4, 6, 8], [0, 0, 48], [-1, 8], [8, -1, 4], [0, 4, 2, 6, 8])
        },
    ),
    "transpose": Operator(
        build=_method("transpose", "perm"),
        shapes=(_PICTURE,),
        choices={"perm": ([0, 2, 3, 1], [0, 1, 3, 2], [3, 2, 1, 0], [0, 3, 1, 2], [2, 0, 3, 1])},
    ),
    "transpose, fewer axes": Operator(
        build=_method("transpose", "perm"),
        shapes=(_THREE,),
        choices={"perm": ([0, 2, 1], [2, 0, 1], [1, 0, 2])},
    ),
    "flatten": Operator(
        build=_method("flatten", "start_axis", "stop_axis"),
        shapes=(_PICTURE, (2, 3, 4, 5)),
        choices={"start_axis": (0, 1, 2), "stop_axis": (-1, 2, 3)},
    ),
    "squeeze": Operator(
        build=_method("squeeze", "axis"),
        shapes=((2, 1, 6, 1),),
        choices={"axis": (None, 1, -1, [1, 3], 0)},
    ),
    "unsqueeze": Operator(
        build=_method("unsqueeze", "axis"),
        shapes=(_THREE, _TWO),
        choices={"axis": (0, 1, -1, [0, 2], [1, -1])},
    ),
    "split": Operator(
        build=_method("split", "num_or_sections", "axis"),
        shapes=((2, 6, 6, 12), (2, 12, 6)),
        choices={"num_or_sections": _SECTIONS, "axis": (1, -1, 2)},
        most=5,
    ),
    "chunk": Operator(
        build=_method("chunk", "chunks", "axis"),
        shapes=((2, 6, 6, 12),),
        choices={"chunks": (2, 3, 1), "axis": (1, -1)},
    ),
    "unbind": Operator(
        build=_method("unbind", "axis"),
        shapes=((2, 3, 4, 5), (3, 4, 2)),
        choices={"axis": (0, 1, -1)},
    ),
    "unstack": Operator(
        build=_method("unstack", "axis"), shapes=((2, 3, 4),), choices={"axis": (0, 1, -1)}
    ),
    "concat": Operator(
        build=_concat,
        shapes=(_PICTURE, _THREE),
        choices={"axis": (0, 1, -1, 2), "parts": (2, 3)},
        most=5,
    ),
    "stack": Operator(build=_stack, shapes=(_PICTURE, _TWO), choices={"axis": (0, 1, -1)}, most=4),
    "slice by index": Operator(
        build=_indexed, shapes=(_PICTURE, _THREE), choices={"slice": tuple(_SLICES)}
    ),
    "slice": Operator(
        build=_method("slice", "axes", "starts", "ends"),
        shapes=(_PICTURE,),
        choices={
            "axes": ([1, 2], [2, 3]),
            "starts": ([1, 0], [-4, 2]),
            "ends": ([5, 4], [100, -1]),
        },
    ),
    "strided_slice": Operator(
        build=_method("strided_slice", "axes", "starts", "ends", "strides"),
        shapes=(_PICTURE,),
        choices={
            "axes": ([1, 2], [2, 3]),
            "starts": ([0, 0], [1, 1]),
            "ends": ([6, 6], [5, 100]),
            "strides": ([2, 1], [1, 3]),
        },
    ),
    "crop": Operator(
        build=_method("crop", "shape", "offsets"),
        shapes=(_PICTURE,),
        choices={"shape": ([1, 4, 3, 3],), "offsets": ([0, 1, 2, 3], [0, 0, 0, 0])},
        most=2,
    ),
    "flip": Operator(
        build=_method("flip", "axis"),
        shapes=(_PICTURE, _THREE),
        choices={"axis": ([-1], [1], [0, 1], [1, 2], 0)},
    ),
    "roll": Operator(
        build=_method("roll", "shifts", "axis"),
        shapes=(_PICTURE, _THREE),
        choices={"shifts": (1, -2, 20), "axis": (1, -1, None)},
    ),
    "roll over two axes": Operator(
        build=_method("roll", "shifts", "axis"),
        shapes=(_PICTURE,),
        choices={"shifts": ([1, 2], [-1, 3]), "axis": ([1, 2], [2, 3])},
        most=2,
    ),
    "expand": Operator(
        build=_expand,
        shapes=(_PICTURE, _THREE),
        choices={"function": ("expand", "broadcast_to"), "shape": ("batch", "kept", "axis")},
    ),
    "tile": Operator(
        build=_method("tile", "repeat_times"),
        shapes=(_PICTURE, (1, 3, 4, 5)),
        choices={"repeat_times": ([2, 1, 1, 1], [1, 2, 1, 3], [2], [2, 1, 1, 1, 1])},
    ),
    "repeat_interleave": Operator(
        build=_method("repeat_interleave", "repeats", "axis"),
        shapes=(_THREE,),
        choices={"repeats": (2, 3), "axis": (1, -1)},
        most=2,
    ),
    "pad": Operator(
        build=_pad,
        shapes=(_PICTURE, _THREE, (1, 2, 4, 5, 6)),
        choices={
            "pad": ([1, 2, 0, 1, 1, 0], [2, 2, 2, 2, 1, 1], [0, 0, 1, 2, 2, 1]),
            "mode": ("constant", "reflect", "replicate", "circular"),
            "value": (0.0, 1.5),
        },
        fits=lambda a, _: a["mode"] == "constant" or a["value"] == 0.0,
        most=9,
    ),
    "pad of all axes": Operator(
        build=_pad_all, shapes=(_PICTURE, _THREE, _TWO), choices={"value": (0.0, -0.5)}
    ),
    "moveaxis": Operator(
        build=_method("moveaxis", "source", "destination"),
        shapes=(_PICTURE,),
        choices={"source": (1, [1, 2]), "destination": (3, [3, 1])},
        fits=lambda a, _: isinstance(a["source"], int) == isinstance(a["destination"], int),
        most=2,
    ),
    "t": Operator(build=_method("t"), shapes=(_TWO,), most=1),
    "rot90": Operator(
        build=_method("rot90", "k", "axes"),
        shapes=(_PICTURE,),
        choices={"k": (1, 2, 3, -1), "axes": ([2, 3],)},
        most=3,
    ),
    "tril": Operator(
        build=_method("tril", "diagonal"), shapes=(_TWO, _THREE), choices={"diagonal": (0, -1, 2)}
    ),
    "triu": Operator(
        build=_method("triu", "diagonal"), shapes=(_TWO, _THREE), choices={"diagonal": (0, -1, 2)}
    ),
    "diagonal": Operator(
        build=_diag,
        shapes=(_THREE, _PICTURE),
        choices={"offset": (0, 1), "axis1": (0, 1), "axis2": (2,)},
        most=2,
    ),
    "pixel_shuffle": Operator(
        build=lambda a, _: lambda x: F.pixel_shuffle(x, a["upscale_factor"]),
        shapes=((1, 16, 5, 6), (2, 16, 4, 3)),
        choices={"upscale_factor": (2, 4)},
    ),
    "pixel_unshuffle": Operator(
        build=lambda a, _: lambda x: F.pixel_unshuffle(x, a["downscale_factor"]),
        shapes=((1, 4, 6, 12),),
        choices={"downscale_factor": (2, 3)},
        most=2,
    ),
    "channel_shuffle": Operator(
        build=lambda a, _: lambda x: F.channel_shuffle(x, a["groups"]),
        shapes=((1, 12, 5, 6), (2, 12, 4, 3)),
        choices={"groups": (2, 3, 4)},
    ),
    "temporal_shift": Operator(
        build=lambda a, _: lambda x: F.temporal_shift(x, a["seg_num"], a["shift_ratio"]),
        shapes=((4, 8, 5, 6),),
        choices={"seg_num": (2,), "shift_ratio": (0.25,)},
        most=1,
    ),
}
