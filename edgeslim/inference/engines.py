"""Inputs through a model, run by Paddle or by Paddle-Lite's runtime on a device."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from edgeslim.conversion.model_inputs import check_input_types
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.paddle_outputs import paddle_outputs
from edgeslim.conversion.precisions import model_in, precisions_of
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.ground_truth import truth_of
from edgeslim.deployment.outputs import outputs_or_errors
from edgeslim.deployment.proving import explain_failure, prove_outputs, with_rounding
from edgeslim.device import DeviceChoice
from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.half_floats import check_precision

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["Engine", "Runs", "loaded"]


class Engine(str, Enum):
    """What runs a model."""

    PADDLE = "paddle"
    LITE = "lite"


class Runs(Protocol):
    """Runs a model on some inputs, one after the other."""

    def __call__(self, inputs: Sequence[Mapping[str, NDArray[Any]]]) -> list[list[NDArray[Any]]]:
        """All outputs for each time its inputs by name, in the shapes that the model says."""


@contextmanager
def loaded(
    kind: Engine, model: PreparedModel, *, device: str | DeviceChoice, precision: str
) -> Iterator[Runs]:
    """A model, loaded in an engine.

    Args:
        kind: Which.
        model: The model.
        device: Where Paddle-Lite runs.
        precision: What it is converted to for Paddle-Lite; empty is its own.

    Raises:
        UsageError: Unknown names; a precision that cannot be had.
        ModelError: It does not convert to that precision; when it first runs, the device's outputs
            are not Paddle's.
        ProgramError, LinkError: The device or ``opt`` does not work.
    """
    check_input_types(model.graph, model.name)
    shapes = [model.graph.shapes[name] for name in model.graph.fetches]
    if kind is Engine.PADDLE:
        yield lambda inputs: _shaped(paddle_outputs(model, inputs), shapes, model.name)
        return
    with open_device(DeviceChoice.of(device).named("host")) as session, temporary_folder() as here:
        target = session.execution.target
        (chosen,) = precisions_of((precision,) if precision else (), model, target)
        check_precision(session, chosen)
        source = model_in(model, chosen, here / "model")
        file = optimize(source, target, here / model.name, place=session.place(chosen))
        claim = Claim(model=source, file=file, target=target, precision=chosen)
        unproved = True

        def run(inputs: Sequence[Mapping[str, NDArray[Any]]]) -> list[list[NDArray[Any]]]:
            nonlocal unproved
            with temporary_folder() as scratch:
                fed = [[each[name] for name in model.graph.feeds] for each in inputs]
                found: list[list[NDArray[Any]]] = []
                for end in outputs_or_errors(session, file, fed, len(shapes), scratch):
                    if isinstance(end, EdgeslimError):
                        raise explain_failure(
                            end, claim.suspect(inputs[len(found)], session), scratch
                        )
                    found.append(end)
                if unproved and found:
                    # Of what is shown, not of noise: these answers are what somebody reads.
                    truth = truth_of(source, inputs[:1])
                    known = with_rounding(claim, truth)
                    prove_outputs(session, known, truth, found[:1], scratch)
                    unproved = False
            return _shaped(found, shapes, model.name)

        yield run


def _shaped(
    outputs: Sequence[Sequence[NDArray[Any]]], shapes: Sequence[Shape], model: str
) -> list[list[NDArray[Any]]]:
    """The runtime leaves axes out here and there; the model says what they are."""
    found = []
    for each in outputs:
        for array, shape in zip(each, shapes, strict=True):
            if array.size != math.prod(shape):
                raise ModelError(
                    f"{model} gave an output of shape {list(array.shape)}, not {list(shape)}"
                )
        found.append([a.reshape(s) for a, s in zip(each, shapes, strict=True)])
    return found
