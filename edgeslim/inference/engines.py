"""Runs a model with Paddle, or with Paddle-Lite's runtime on a device."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from edgeslim.conversion.model_inputs import check_input_types
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.paddle_outputs import paddle_outputs
from edgeslim.conversion.precisions import model_for_precision, precisions_of
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.ground_truth import truth_of
from edgeslim.deployment.outputs import outputs_or_errors
from edgeslim.deployment.proving import explain_failure, prove_outputs, with_rounding
from edgeslim.device import DeviceChoice
from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.fp16_support import check_precision

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["Engine", "RunModel", "load_model"]


class Engine(str, Enum):
    """The program that runs a model."""

    PADDLE = "paddle"
    LITE = "lite"


class RunModel(Protocol):
    """Runs a model on several inputs, one after the other."""

    def __call__(self, inputs: Sequence[Mapping[str, NDArray[Any]]]) -> list[list[NDArray[Any]]]:
        """All outputs for each of the inputs (arrays by name), in the shapes of the model."""


@contextmanager
def load_model(
    kind: Engine, model: PreparedModel, *, device: str | DeviceChoice, precision: str
) -> Iterator[RunModel]:
    """Loads a model in an engine for as long as the context lasts.

    Args:
        kind: Which engine runs the model.
        model: The model, prepared for Paddle-Lite.
        device: Device that Paddle-Lite runs on.
        precision: Precision for Paddle-Lite; empty for the model's own.

    Raises:
        UsageError: An unknown name; a precision that the device or model does not have.
        ModelError: The model does not convert to that precision; or, when it first runs, the
            device's outputs are not Paddle's.
        ProgramError, LinkError: The device or ``opt`` does not work.
    """
    check_input_types(model.graph, model.name)
    shapes = [model.graph.shapes[name] for name in model.graph.fetches]
    if kind is Engine.PADDLE:
        yield lambda inputs: _with_shapes(paddle_outputs(model, inputs), shapes, model.name)
        return
    with (
        open_device(DeviceChoice.of(device).with_name("host")) as session,
        temporary_folder() as here,
    ):
        target = session.execution.target
        (chosen,) = precisions_of((precision,) if precision else (), model, target)
        check_precision(session, chosen)
        source = model_for_precision(model, chosen, here / "model")
        file = optimize(source, target, here / model.name, place=session.place(chosen))
        claim = Claim(model=source, file=file, target=target, precision=chosen)
        unproved = True

        def run(inputs: Sequence[Mapping[str, NDArray[Any]]]) -> list[list[NDArray[Any]]]:
            nonlocal unproved
            with temporary_folder() as scratch:
                fed = [[arrays[name] for name in model.graph.feeds] for arrays in inputs]
                found: list[list[NDArray[Any]]] = []
                for end in outputs_or_errors(session, file, fed, len(shapes), scratch):
                    if isinstance(end, EdgeslimError):
                        suspect = claim.suspect(inputs[len(found)], scratch, session)
                        raise explain_failure(end, suspect)
                    found.append(end)
                if unproved and found:
                    # Proved with the user's own inputs, not with noise, since users read these.
                    truth = truth_of(source, inputs[:1])
                    known = with_rounding(claim, truth)
                    prove_outputs(session, known, truth, found[:1], scratch)
                    unproved = False
            return _with_shapes(found, shapes, model.name)

        yield run


def _with_shapes(
    outputs: Sequence[Sequence[NDArray[Any]]], shapes: Sequence[Shape], model: str
) -> list[list[NDArray[Any]]]:
    """Brings outputs into the model's shapes, of which the runtime leaves some axes out."""
    found = []
    for output in outputs:
        for array, shape in zip(output, shapes, strict=True):
            if array.size != math.prod(shape):
                raise ModelError(
                    f"{model} gave an output of shape {list(array.shape)}, not {list(shape)}"
                )
        found.append([a.reshape(s) for a, s in zip(output, shapes, strict=True)])
    return found
