"""The whole of ``edgeslim predict``: a model's operators, looked up and summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
    """Predicts the latency of a model on the device of a table.

    By a table of PaddleSlim 1.x that has norms and activations it is the original's sum, over
    the operators before any fusion, and the sum over the fused operators is given beside it.

    Args:
        model: Name, folder or file of a model, as on the command line.
        table: File of the latency table.
        input_shapes: Shapes of open inputs by name, or under an empty name.

    Raises:
        UsageError, BadFileError, ModelError: The model or the table is not valid.
        ProgramError: ``opt`` cannot convert the model.
    """
    source = find_model(model)
    known = LatencyTable.read(table)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=input_shapes)
        fused = fused_graph(prepared, known.context.execution.target)
    predictor = Predictor(known)
    prediction = predictor.predict(fused.specs)
    if known.context.fused_for is not None:
        return prediction
    return replace(predictor.predict(prepared.graph.specs), fused_ms=prediction.total_ms)
