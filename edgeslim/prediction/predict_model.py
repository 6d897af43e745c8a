"""The whole of ``edgeslim predict``: a model's fused operators, looked up and summed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import fused_graph
from edgeslim.conversion.prepare import prepare
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.prediction.predictor import Prediction, Predictor

__all__ = ["predict"]


def predict(
    model: str, table: Path, *, input_shapes: Mapping[str, Shape] | None = None
) -> Prediction:
    """Latency of a model on the device of a table.

    Args:
        model: A model, as on the command line.
        table: The table.
        input_shapes: Shapes of open inputs by name, or under an empty name.

    Raises:
        UsageError, BadFileError, ModelError: The model or the table is not what it should be.
        ProgramError: ``opt`` cannot convert the model.
    """
    source = find_model(model)
    known = LatencyTable.read(table)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=input_shapes)
        graph = fused_graph(prepared, known.context.execution.target)
    return Predictor(known).predict(graph.specs)
