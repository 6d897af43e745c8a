"""Runs a model on many inputs, one after the other, and writes all that it gives into one file."""

from __future__ import annotations

import io
import os
import time
from typing import Any

from .models import Tools
from .results import EntryError, Message


def run_series(series: Message, model: Any, tools: Tools) -> int:
    """Runs a loaded model on each input of a series; returns the nanoseconds that it took."""
    numpy = tools.numpy
    started = time.perf_counter_ns()
    stacks = [
        numpy.load(io.BytesIO(tools.files[name]), allow_pickle=False) for name in series["files"]
    ]
    path = os.path.join(tools.folder, series["output"])
    try:
        with open(path, "wb") as stream:
            for index in range(series["count"]):
                model.set_inputs([stack[index] for stack in stacks])
                model.feed()
                model.run()
                for output in model.outputs():
                    numpy.save(stream, output)
    except OSError as error:
        raise EntryError("cannot write {}: {}".format(path, error.strerror or error)) from error
    return time.perf_counter_ns() - started
