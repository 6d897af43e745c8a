"""The first value that an engine computes otherwise than Paddle, among all in a model.

The model is converted once more with every value as an output of it. That keeps the engine from
merging operators, so that what it gets wrong only by merging is not found.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.judgement import Array, difference_of, is_acceptable
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.deployment.suspect import Suspect
from edgeslim.engines import ENGINES, Road
from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.execution import Precision
from edgeslim.files import new_folder, write_bytes
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.paddle_io.cut_program import cut_program
from edgeslim.paddle_io.export import run_batches_in_paddle
from edgeslim.paddle_io.program_graph import graph_of
from edgeslim.paddle_io.proto import read_program

__all__ = ["name_first_wrong"]

_PLUMBING = {"feed", "fetch"}
_RESULTS = ("Out", "Output", "Y")
_MOST = 400
"""Values of a model that are compared: of more, the last ones."""


def name_first_wrong(
    error: EdgeslimError, suspect: Suspect, session: DeviceSession, road: Road
) -> EdgeslimError:
    """An error of the same kind that names the first value that differs, if one is found.

    Args:
        error: The error that says that outputs differ.
        suspect: The converted model whose outputs differ.
        session: The device with the engine.
        road: The way by which the model was converted.
    """
    try:
        found = _find_first_wrong(suspect, session, road)
    except EdgeslimError:
        # Such a model is another one, which the engine may refuse; the error stands for itself.
        return error
    if found is None:
        return type(error)(
            f"{error}; each value in it is right when it is an output, so that it goes wrong "
            "where operators are merged"
        )
    kind, tensor, off = found
    far = "without a finite value" if math.isinf(off) else f"off by {off:.2g} of its largest value"
    return type(error)(f"{error}, first at {kind} that makes {tensor!r}, {far}")


def _find_first_wrong(
    suspect: Suspect, session: DeviceSession, road: Road
) -> tuple[str, str, float] | None:
    """Kind of the operator, name of the value, and how far it is off; None if all are right."""
    open_model, makers = _with_all_outputs(suspect)
    folder = new_folder(suspect.folder / "all_values")
    engine = ENGINES.get(session.engine)
    file = engine.convert(open_model, session.place(), folder, road)
    (found,) = outputs_on_device(session, file, [suspect.feeds], len(makers), folder)
    (expected,) = run_batches_in_paddle(open_model.prefix, [suspect.inputs])
    for (tensor, kind), truth, own in zip(makers.items(), expected, found, strict=True):
        off = _deviation(truth, own)
        if off is not None:
            return kind, tensor, off
    return None


def _with_all_outputs(suspect: Suspect) -> tuple[PreparedModel, Mapping[str, str]]:
    """The model with every value that varies as an output, and the kinds that make them."""
    model = suspect.model
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    values = run_batches_in_paddle(
        *(model.prefix, [suspect.inputs]), also=list(_makers(program)), name=model.name
    )[0][len(model.graph.fetches) :]
    makers = {
        tensor: kind
        for (tensor, kind), value in zip(_makers(program).items(), values, strict=True)
        if _is_comparable(value)
    }
    makers = dict(list(makers.items())[-_MOST:])
    cut = cut_program(program, list(makers))
    prefix = new_folder(suspect.folder / "all_values") / "model"
    write_bytes(prefix.with_suffix(".pdmodel"), cut.SerializeToString())
    shutil.copyfile(model.prefix.with_suffix(".pdiparams"), prefix.with_suffix(".pdiparams"))
    graph = graph_of(cut, prefix.with_suffix(".pdmodel"))
    opened = replace(
        model,
        prefix=prefix,
        program=prefix.with_suffix(".pdmodel"),
        parameters=prefix.with_suffix(".pdiparams"),
        graph=graph,
        pir=None,
    )
    return opened, makers


def _makers(program: Any) -> dict[str, str]:  # noqa: ANN401 - a ProgramDesc
    """Values of a program by name, in the order they are made, with the operators' kinds."""
    found = {}
    for op in program.blocks[0].ops:
        slots = {slot.parameter: slot.arguments[0] for slot in op.outputs if slot.arguments}
        if op.type in _PLUMBING or not slots:
            continue
        # Others are masks, shapes and running means.
        name = next((slots[slot] for slot in _RESULTS if slot in slots), next(iter(slots.values())))
        found[name] = op.type
    return found


def _is_comparable(value: Array) -> bool:
    return value.size > 0 and value.dtype == np.float32 and bool(np.all(np.isfinite(value)))


def _deviation(truth: Array, own: Array) -> float | None:
    """How far a value is off; None if it is right."""
    if truth.size != own.size or not np.all(np.isfinite(own)):
        return math.inf
    try:
        difference = difference_of([[truth]], [[own]])
    except ModelError:
        return math.inf
    # One input alone cannot show that a value follows it.
    right = replace(difference, follows=True)
    return None if is_acceptable(right, Precision.FP32) else difference.max_rel
