"""``edgeslim deploy``: converts a model, proves it right, measures it, compares the prediction."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.deploy_output import document, missing, print_deployment
from edgeslim.cli.options import (
    FixedPerformance,
    Host,
    Laws,
    LockFrequency,
    Port,
    Power,
    Serial,
    StayOn,
    device_choice,
    names,
    settings_choice,
    shapes,
)
from edgeslim.cli.output import GAPS, Json, print_json
from edgeslim.cli.progress import terminal_progress
from edgeslim.deployment.deploy import convert, deploy
from edgeslim.deployment.deployed import ConvertedModels, Deployment
from edgeslim.deployment.gates import NO_GATES, Gates
from edgeslim.durations import parse_ms, parse_s
from edgeslim.errors import LimitMissedError, UsageError
from edgeslim.execution import Target

__all__ = ["command"]


def command(
    model: Annotated[
        str | None,
        typer.Argument(help="A model or a search's folder; by default the newest under runs/."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Name of the device's profile; by default the search's, or host."),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Table to predict with.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the optimized model.")] = None,
    input_shape: Annotated[
        list[str] | None,
        typer.Option(help="Shape of an open input: 1,3,224,224; name=...; 1,16:int64."),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            help="Your own inputs instead of noise: .npz with an array for each, or .npy for one."
        ),
    ] = None,
    serial: Serial = None,
    host: Host = None,
    port: Port = None,
    precisions: Annotated[
        str | None,
        typer.Option(help="Each of these: fp32,int8,fp16,int16; by default the model's own."),
    ] = None,
    threads: Annotated[
        str | None, typer.Option(help="Threads that it runs with; several to compare: 1,2,4.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="A model to be compared with in the same rounds; start, of a search's space; or "
            "none. By default what a pruned or compressed model was made from."
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(help="Rounds of timing; by default 12 with a baseline or limit, else 3."),
    ] = None,
    assert_latency: Annotated[
        str | None, typer.Option(help="Exit with 1 if the fastest variant takes longer: 20ms.")
    ] = None,
    assert_speedup: Annotated[
        float | None,
        typer.Option(help="Exit with 1 if the fastest variant's speed-up is smaller: 1.2."),
    ] = None,
    power_mode: Power = None,
    stay_on: StayOn = None,
    fixed_performance: FixedPerformance = None,
    lock_frequency: LockFrequency = None,
    sustained: Annotated[
        str | None, typer.Option(help="Also run it so long without a pause: 10min.")
    ] = None,
    laws: Laws = None,
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
    deployments.jsonl in the run's folder, which edgeslim report reads.

    Example: edgeslim deploy mobilenet-v2 --device host --table host.jsonl

    Example: edgeslim deploy runs/pruned --assert-latency 20ms --assert-speedup 1.2

    Example: edgeslim deploy mobilenet-v2 --device android --precisions fp32,fp16 --threads 1,2,4
    """
    chosen, counts = names(precisions), _thread_counts(threads)
    gates = Gates(
        latency_ms=None if assert_latency is None else parse_ms(assert_latency),
        speedup=assert_speedup,
    )
    done: Deployment | ConvertedModels
    if convert_only:
        if model is None:
            raise UsageError("--convert-only needs a model")
        if gates != NO_GATES or baseline is not None:
            raise UsageError("--convert-only measures nothing, and has no baseline and no limits")
        done = convert(
            model,
            list(dict.fromkeys(convert_only)),
            out=out,
            input_shapes=shapes(input_shape),
            inputs=inputs,
            precisions=chosen,
            threads=_only_count(counts),
            laws=laws,
        )
    else:
        settings = settings_choice(stay_on, fixed_performance, lock_frequency)
        settings = replace(settings, laws=laws)
        done = deploy(
            model,
            device=device_choice(device, serial, host, port, None, power_mode, settings),
            table=table,
            out=out,
            input_shapes=shapes(input_shape),
            inputs=inputs,
            precisions=chosen,
            threads=counts,
            baseline=baseline,
            rounds=rounds,
            gates=gates,
            command=("edgeslim", *sys.argv[1:]),
            sustained_s=None if sustained is None else parse_s(sustained),
            progress=terminal_progress(),
        )
    if as_json:
        print_json(document(done))
    else:
        print_deployment(done)
    if isinstance(done, Deployment):
        _check_gates(done)
    if done.failures or any(missing(model) for model in done.models):
        raise typer.Exit(GAPS)


def _only_count(counts: tuple[int, ...]) -> int | None:
    """The number of threads that a file is made for, if it is given.

    Raises:
        UsageError: Several are given.
    """
    if len(counts) > 1:
        raise UsageError("--convert-only makes one file: give --threads the most that run it")
    return counts[0] if counts else None


def _check_gates(done: Deployment) -> None:
    """Ends the command if the deployment misses a limit.

    Raises:
        LimitMissedError: A limit was missed; the message says by how much.
    """
    missed = [f"{gate.asked}: {gate.line}" for gate in done.record.gates if not gate.met]
    if missed:
        raise LimitMissedError("; ".join(missed))


def _thread_counts(text: str | None) -> tuple[int, ...]:
    """The numbers of ``--threads``.

    Raises:
        UsageError: One of them is no number.
    """
    for name in names(text):
        if not (name.isascii() and name.isdigit()):
            raise UsageError(f"--threads are numbers like 1,2,4, not {name!r}")
    return tuple(int(name) for name in names(text))
