"""Inputs: arrays from the batch, or noise that is the same in every runner."""

from __future__ import annotations

import io
from typing import Any, Dict

from .results import Message

_MIDDLE = 131070
_DEVIATION = 37837.227


def make_input(description: Message, files: Dict[str, bytes], numpy: Any) -> Any:
    """An input from a file, or noise from a seed; ``edgeslim.runner.protocol`` defines it."""
    if description["file"]:
        return numpy.load(io.BytesIO(files[description["file"]]), allow_pickle=False)
    shape = tuple(description["shape"])
    count = 1
    for extent in shape:
        count *= extent
    if description["below"]:
        array = _mix(description["seed"], count, numpy) % numpy.uint64(description["below"])
    else:
        array = noise(description["seed"], count, numpy)
        if description["positive"]:
            array = numpy.abs(array) + numpy.float32(0.1)
    return numpy.ascontiguousarray(array.astype(description["dtype"]).reshape(shape))


def noise(seed: int, count: int, numpy: Any) -> Any:
    """Nearly normal numbers of single precision; they need no state and no tables."""
    pieces = _mix(seed, count, numpy).view(numpy.uint16).reshape(count, 4)
    total = pieces.sum(axis=1, dtype=numpy.int64) - _MIDDLE
    return (total / _DEVIATION).astype(numpy.float32)


def _mix(seed: int, count: int, numpy: Any) -> Any:
    """Makes numbers of 64 random bits."""
    word = numpy.uint64
    mixed = numpy.arange(count, dtype=word) | word(seed << 32)
    mixed += word(0x9E3779B97F4A7C15)  # wraps around, as it must
    mixed ^= mixed >> word(30)
    mixed *= word(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> word(27)
    mixed *= word(0x94D049BB133111EB)
    mixed ^= mixed >> word(31)
    return mixed
