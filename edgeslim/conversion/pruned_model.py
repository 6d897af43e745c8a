"""Writing a model with fewer channels to disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.channels.plan import Selection
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.paddle_io.parameters import read_parameters, write_program
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.surgery import resize_program

__all__ = ["model_tensors", "write_pruned"]


def model_tensors(model: PreparedModel) -> dict[str, np.ndarray[Any, Any]]:
    """The parameters of a model by name."""
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    return read_parameters(model.prefix.with_suffix(".pdiparams"), program)


def write_pruned(
    model: PreparedModel,
    selection: Selection,
    prefix: Path,
    *,
    tensors: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> SavedModel:
    """Writes a model with the selected channels as ``prefix.pdmodel`` and ``.pdiparams``.

    Either both files are written or none; parameters keep their types.

    Args:
        model: The model as it was prepared.
        selection: Channels to keep, in groups from `edgeslim.channels.groups.channels_of`.
        prefix: Path of the files without their suffixes.
        tensors: Parameters of the model by name, if they have been read already.
    """
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    resize_program(program, model.graph, prune_graph(model.graph, selection))
    values = model_tensors(model) if tensors is None else tensors
    left = {name: selection.cut(name, value) for name, value in values.items()}
    write_program(prefix, program, left)
    return SavedModel.at(prefix)
