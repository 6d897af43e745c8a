"""Models of other engines than Paddle-Lite, run by the same program with the same protocol.

What an engine has to have is a module with a class called ``LIBRARY``::

    LIBRARY(threads)    imports the engine; ImportError if it is not there
    library.version     the engine's version
    library.load(files, name, inputs, outputs)
                        a network from files in memory, by the names of its inputs and outputs
    network.feed(arrays), network.run(), network.outputs()

Beside each model travels a note in JSON, called like the model with ``.json`` behind it, which
says by which names the engine knows the model's inputs and outputs, in the model's own order.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List, Tuple

from .models import Tools
from .noise import make_input, noise
from .results import EntryError, Message, refuse
from .start import Start

_REFERENCE = (64, 576, 784)
"""Extents of the matrix product that is timed to see whether something disturbs the device."""


class EngineModel:
    """A network of an engine with its inputs, as the runner times it."""

    is_fed_anew = True

    def __init__(self, network: Any, arrays: List[Any], version: str) -> None:
        self.run = network.run
        self.version = version
        self.start: Dict[str, int] = {}
        self._network = network
        self.arrays = arrays

    def feed(self) -> None:
        """Gives the engine the inputs anew."""
        self._network.feed(self.arrays)

    def set_inputs(self, arrays: List[Any]) -> None:
        """Chooses other inputs, of the same shapes; `feed` writes them."""
        self.arrays = arrays

    def outputs(self) -> List[Any]:
        """Arrays of the outputs of the last run."""
        return list(self._network.outputs())


class ReferenceProduct:
    """A product of matrices by NumPy: the reference is the same whatever the engine."""

    is_fed_anew = False
    version = ""

    def __init__(self, numpy: Any) -> None:
        rows, inner, columns = _REFERENCE
        first = noise(0, rows * inner, numpy).reshape(rows, inner)
        second = noise(1, inner * columns, numpy).reshape(inner, columns)
        result = numpy.zeros((rows, columns), numpy.float32)
        self.run = lambda: numpy.dot(first, second, out=result)


def print_version(name: str, module: Any) -> None:
    """Prints an engine's version for those who ask whether it is there."""
    _, library = OtherEngine(name, module).import_library(1)
    sys.stdout.write("\n{}\n".format(library.version))


class OtherEngine:
    """An engine by its module, in place of Paddle-Lite."""

    def __init__(self, name: str, module: Any) -> None:
        self.name = name
        self._module = module

    def import_library(self, threads: int) -> Tuple[Any, Any]:
        """Imports NumPy and the engine."""
        try:
            import numpy

            return numpy, self._module.LIBRARY(threads)
        except ImportError as error:
            refuse("{} does not load: {}".format(self.name, error))

    def load_model(self, entry: Message, tools: Tools) -> Any:
        """Loads a model and runs it once; without a file it is the reference."""
        numpy, library = tools.numpy, tools.lite
        if not entry["model"]:
            return ReferenceProduct(numpy)
        note = json.loads(tools.files[entry["model"] + ".json"].decode())
        arrays = [make_input(described, tools.files, numpy) for described in entry["inputs"]]
        start = Start(bool(entry.get("start")))
        try:
            network = library.load(tools.files, entry["model"], note["inputs"], note["outputs"])
            start.note_loaded()
            model = EngineModel(network, arrays, library.version)
            model.feed()
            start.note_fed()
            model.run()
            model.start = start.summarize()
        except Exception as error:  # engines raise anything
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise EntryError("{} does not run it: {}".format(self.name, lines[0])) from error
        return model
