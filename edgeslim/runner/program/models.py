"""Models of a batch: loaded, checked to be for this processor and library, and run once."""

from __future__ import annotations

import platform
from typing import Any, Callable, Dict, List

from .noise import make_input
from .pace import Pace, Sweep
from .results import EntryError, Message
from .start import Start

OWN_TARGETS = {"x86_64": {1, 2}, "aarch64": {1, 4}, "armv7l": {1, 4}}
"""Targets whose kernels a processor really has; those of others are empty and return at once."""


_HEAD = 18
"""Bytes at the beginning of a model that have the version of the optimizer that made it."""


class Tools:
    """Modules, files and helpers that every entry needs."""

    def __init__(self, numpy: Any, lite: Any, files: Any, folder: str, sweep: Sweep) -> None:
        self.numpy = numpy
        self.lite = lite
        self.files = files
        self.folder = folder
        self.sweep = sweep
        self.pace = Pace(None, 0, 0.0)


class Model:
    """A loaded model: ``run`` runs it, ``feed`` writes its inputs anew."""

    is_fed_anew = False
    """Whether its inputs are written before every run, outside of the time: some engines use the
    memory of inputs for other values."""

    def __init__(self, predictor: Any, arrays: List[Any]) -> None:
        self.run: Callable[[], None] = predictor.run
        self.version: str = predictor.get_version()
        self.start: Dict[str, int] = {}
        self._predictor = predictor
        self.arrays = arrays
        self._inputs = [(predictor.get_input(i), array) for i, array in enumerate(arrays)]

    def feed(self) -> None:
        """Writes the inputs, as preceding operators would."""
        for tensor, array in self._inputs:
            tensor.from_numpy(array)

    def set_inputs(self, arrays: List[Any]) -> None:
        """Chooses other inputs, of the same shapes; `feed` writes them."""
        self._inputs = [(tensor, array) for (tensor, _), array in zip(self._inputs, arrays)]

    def outputs(self) -> List[Any]:
        """Arrays of the outputs of the last run."""
        count = len(self._predictor.get_output_names())
        return [_array(self._predictor.get_output(index)) for index in range(count)]


def _array(tensor: Any) -> Any:
    """A tensor as an array.

    The array that paddlelite 2.13rc0 makes of truth values has strides of 0, so that all of them
    read as the first.
    """
    array = tensor.numpy()
    if array.dtype != bool:
        return array
    return array.__class__(array.shape, array.dtype, bytes(tensor.uint8_data()))


def load_model(entry: Message, tools: Tools) -> Model:
    """Loads a model, checks that it is for this processor and library, and runs it once.

    An entry that starts in a process of its own is loaded from its file, as an app does it.
    """
    _check_targets(entry)
    is_alone = bool(entry.get("start"))
    config = tools.lite.MobileConfig()
    content = b"" if is_alone else tools.files[entry["model"]]
    arrays = [make_input(description, tools.files, tools.numpy) for description in entry["inputs"]]
    start = Start(is_alone)
    if is_alone:
        config.set_model_from_file(tools.files.path(entry["model"]))
    else:
        config.set_model_from_buffer(content)
    predictor = tools.lite.create_paddle_predictor(config)
    start.note_loaded()
    model = Model(predictor, arrays)
    head = tools.files.head(entry["model"], _HEAD) if is_alone else content
    for wanted in (entry["library_version"], _version_in(head)):
        # The runtime itself would accept it silently.
        if wanted != model.version:
            raise EntryError(
                f"the model is for Paddle-Lite {wanted} and this runtime is {model.version}; "
                "convert it again"
            )
    model.feed()
    start.note_fed()
    model.run()
    model.start = start.summarize()
    return model


def _version_in(model: bytes) -> str:
    """Version of the optimizer that made a model, from its header."""
    return model[2:_HEAD].split(b"\0")[0].decode(errors="replace")


def _check_targets(entry: Message) -> None:
    """Refuses a model whose kernels this processor does not have."""
    own = OWN_TARGETS.get(platform.machine())
    foreign = sorted(set(entry["kernel_targets"]) - (own or set(entry["kernel_targets"])))
    if foreign:
        raise EntryError(
            f"the model's kernels are for another processor (targets {foreign}), and would "
            "seem to run in no time; convert it for this one"
        )
