"""``edgeslim deploy``: converts a model, proves it right, measures it, compares the prediction."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from edgeslim.cli.deploy_output import document, missing, print_deployments
from edgeslim.cli.output import GAPS, Json, print_json
from edgeslim.cli.request_options import with_options
from edgeslim.deployment.deploy import convert, deploy
from edgeslim.deployment.deploy_together import deploy_together
from edgeslim.deployment.deployed import ConvertedModels, Deployment
from edgeslim.deployment.gates import NO_GATES
from edgeslim.deployment.request import ConversionOptions, ConvertRequest, DeployRequest
from edgeslim.deployment.verdict import LimitVerdict
from edgeslim.device import DeviceChoice
from edgeslim.errors import LimitMissedError, UsageError
from edgeslim.execution import Target
from edgeslim.options import shared_fields

__all__ = ["command"]


@with_options
def command(
    request: DeployRequest,
    convert_only: Annotated[
        list[Target] | None,
        typer.Option(help="Only convert, for this target; may be given several times."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Convert a model, compare its outputs with Paddle's, and measure it on a device.

    In int8, a quantized model has int8 kernels; of any other, only the stored weights are int8,
    and the table says int8-weights.

    With a baseline, the speed-up is a ratio with an interval. All results are added to
    deployments.jsonl in the run's folder, which edgeslim report reads. Several models are measured
    in the same rounds, each beside the first.

    Example: edgeslim deploy mobilenet-v2 --device host --table host.jsonl

    Example: edgeslim deploy mobilenet-v2 --table host.jsonl --operators --time 2min

    Example: edgeslim deploy net --precisions fp32,int8 --evaluate image_folder:photos

    Example: edgeslim deploy runs/pruned --assert-latency 20ms --assert-speedup 1.2

    Example: edgeslim deploy runs/pruned --target-p99 25ms --max-memory 64M --max-load 300ms

    Example: edgeslim deploy mobilenet-v2 --device android --precisions fp32,fp16 --threads 1,2,4

    Example: edgeslim deploy runs/net runs/pruned runs/int8 --device android
    """
    done: Sequence[Deployment | ConvertedModels]
    if convert_only:
        done = [convert(_without_device(request, convert_only))]
    else:
        asked = replace(request, command=("edgeslim", *sys.argv[1:]))
        done = deploy_together(asked) if request.others else [deploy(asked)]
    if as_json:
        documents = [document(one) for one in done]
        print_json({"deployments": documents} if request.others else documents[0])
    else:
        print_deployments(done)
    is_decided = _check_gates([one for one in done if isinstance(one, Deployment)])
    if not is_decided or any(_has_gaps(request, one) for one in done):
        raise typer.Exit(GAPS)


def _has_gaps(request: DeployRequest, done: Deployment | ConvertedModels) -> bool:
    """Whether something that was asked for did not work, or is not known."""
    return (
        bool(done.failures)
        or any(missing(model) for model in done.models)
        or _lacks_inside(request, done)
        or _lacks_accuracy(request, done)
        or _lacks_soak(request, done)
    )


def _lacks_inside(request: DeployRequest, done: Deployment | ConvertedModels) -> bool:
    """Whether times inside the network were asked for and are not known."""
    if not request.operators or not isinstance(done, Deployment):
        return False
    return any(model.inside is None for model in done.models)


def _lacks_accuracy(request: DeployRequest, done: Deployment | ConvertedModels) -> bool:
    """Whether the accuracy on the device was asked for and is not known of every variant."""
    return (
        request.evaluate is not None
        and isinstance(done, Deployment)
        and len(done.record.evaluations) < len(done.models)
    )


def _lacks_soak(request: DeployRequest, done: Deployment | ConvertedModels) -> bool:
    """Whether a soak was asked for and is not known."""
    if request.soak is None or not isinstance(done, Deployment):
        return False
    return any(model.soak is None for model in done.models)


def _without_device(request: DeployRequest, targets: Sequence[Target]) -> ConvertRequest:
    """What is asked of a conversion alone.

    Raises:
        UsageError: No model is named, or something is asked that needs a device.
    """
    if request.model is None:
        raise UsageError("--convert-only needs a model")
    if request.others:
        raise UsageError("--convert-only is of one model: convert them one by one")
    if request.gates != NO_GATES or request.baseline is not None:
        raise UsageError("--convert-only measures nothing, and has no baseline and no limits")
    if request.operators or request.soak is not None:
        raise UsageError("--convert-only measures nothing, and so no operators and no soak")
    if request.evaluate is not None:
        raise UsageError("--convert-only runs nothing, and so shows no pictures (--evaluate)")
    if len(request.threads) > 1:
        raise UsageError("--convert-only makes one file: give --threads the most that run it")
    return ConvertRequest(
        request.model,
        list(dict.fromkeys(targets)),
        **shared_fields(request, ConversionOptions),
        threads=request.threads[0] if request.threads else None,
        laws=DeviceChoice.of(request.device).laws,
    )


def _check_gates(done: Sequence[Deployment]) -> bool:
    """Ends the command if a deployment misses a limit; says whether all limits are decided.

    Raises:
        LimitMissedError: A limit was missed; the message says by how much.
    """
    gates = [gate for one in done for gate in one.record.gates]
    missed = [
        f"{gate.asked}: {gate.line}" for gate in gates if gate.outcome == LimitVerdict.FAIL.value
    ]
    if missed:
        raise LimitMissedError("; ".join(missed))
    return all(gate.outcome == LimitVerdict.PASS.value for gate in gates)
