"""Runs a model on many inputs, one after the other, and writes all that it gives into one file."""

from __future__ import annotations

import io
import os
import time
from typing import Any, Dict

from .models import Tools
from .results import EntryError, Message


def run_series(series: Message, model: Any, tools: Tools) -> int:
    """Runs a loaded model on each input of a series; returns the nanoseconds that it took."""
    numpy = tools.numpy
    started = time.perf_counter_ns()
    stacks = [
        Stack(load(name, tools), load(table, tools) if table else None, numpy)
        for name, table in zip(series["files"], series["tables"])
    ]
    headers: Dict[Any, bytes] = {}
    path = os.path.join(tools.folder, series["output"])
    try:
        with open(path, "wb") as stream:
            for index in range(series["count"]):
                model.set_inputs([stack.values(index) for stack in stacks])
                model.feed()
                model.run()
                for output in model.outputs():
                    array = numpy.asarray(output, order="C")
                    kind = array.dtype.str, array.shape
                    if kind not in headers:
                        headers[kind] = header_of(array, numpy)
                    stream.write(headers[kind])
                    stream.write(array.tobytes())
    except OSError as error:
        raise EntryError("cannot write {}: {}".format(path, error.strerror or error)) from error
    return time.perf_counter_ns() - started


def load(name: str, tools: Tools) -> Any:
    """An array of the batch."""
    return tools.numpy.load(io.BytesIO(tools.files[name]), allow_pickle=False)


class Stack:
    """The values of an input in all runs: as they are, or as codes of a table's values."""

    def __init__(self, array: Any, table: Any, numpy: Any) -> None:
        self._array = array
        self._table = table
        if table is not None:
            channels = array.shape[2]
            self._channels = numpy.arange(channels).reshape([channels] + [1] * (array.ndim - 3))

    def values(self, index: int) -> Any:
        """The input of a run."""
        if self._table is None:
            return self._array[index]
        return self._table[self._channels, self._array[index]]


def header_of(array: Any, numpy: Any) -> bytes:
    """What stands before an array's elements in a file; made once, since it takes longer."""
    stream = io.BytesIO()
    numpy.save(stream, array)
    content = stream.getvalue()
    return content[: len(content) - array.nbytes]
