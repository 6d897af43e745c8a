"""The whole of ``edgeslim predict``: a model's operators, looked up and summed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from edgeslim.companion import lite_python
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import fused_graph, fused_graph_by_rules
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.errors import ProgramError, UnwritableError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.graph import Graph
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.prediction.predictor import Prediction, Predictor
from edgeslim.tables.only_table import find_only_table

__all__ = ["PredictRequest", "predict"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictRequest:
    """What can be asked of `predict`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    table: Annotated[Path | None, OPTION] = field(default=None, kw_only=False)
    """Latency table of the device; by default the one under latency_tables/, if there is one."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224 or name=..."""


@called_with(PredictRequest)
def predict(request: PredictRequest) -> Prediction:
    """Predicts the latency of a model on the device of a table, and how it starts.

    By a table of PaddleSlim 1.x that has norms and activations it is the original's sum, over
    the operators before any fusion, and the sum over the fused operators is given beside it.

    Raises:
        UsageError, BadFileError, ModelError: The model or the table is not valid, or no table is
            named and there is not one alone.
        ProgramError: ``opt`` cannot convert the model. Where there is no ``opt`` and it cannot be
            had, operators are fused by our own rules, with a warning in the log.
    """
    source = find_model(request.model)
    known = LatencyTable.read(request.table or find_only_table())
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=request.input_shapes)
        fused = _fuse(prepared, known.context.execution.target)
    predictor = Predictor(known)
    prediction = predictor.predict(fused.specs)
    prediction = replace(prediction, start=predictor.predict_start(fused, prediction))
    if known.context.fused_for is not None:
        return prediction
    return replace(predictor.predict(prepared.graph.specs), fused_ms=prediction.total_ms)


def _fuse(model: PreparedModel, target: Target) -> Graph:
    """The operators that the optimizer leaves, or that it should leave where it cannot be had."""
    try:
        lite_python()
    except (ProgramError, UnwritableError) as error:
        _log.warning("operators are fused by edgeslim's own rules and not by opt: %s", error)
        return fused_graph_by_rules(model, target)
    return fused_graph(model, target)
