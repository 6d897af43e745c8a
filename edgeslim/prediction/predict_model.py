"""The whole of ``edgeslim predict``: a model's operators, looked up and summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import fused_graph
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.prediction.predictor import Prediction, Predictor

__all__ = ["PredictRequest", "predict"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictRequest:
    """What can be asked of `predict`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    table: Annotated[Path, OPTION] = field(kw_only=False)
    """Latency table of the device."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224 or name=..."""


@called_with(PredictRequest)
def predict(request: PredictRequest) -> Prediction:
    """Predicts the latency of a model on the device of a table.

    By a table of PaddleSlim 1.x that has norms and activations it is the original's sum, over
    the operators before any fusion, and the sum over the fused operators is given beside it.

    Raises:
        UsageError, BadFileError, ModelError: The model or the table is not valid.
        ProgramError: ``opt`` cannot convert the model.
    """
    source = find_model(request.model)
    known = LatencyTable.read(request.table)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=request.input_shapes)
        fused = fused_graph(prepared, known.context.execution.target)
    predictor = Predictor(known)
    prediction = predictor.predict(fused.specs)
    if known.context.fused_for is not None:
        return prediction
    return replace(predictor.predict(prepared.graph.specs), fused_ms=prediction.total_ms)
