"""``edgeslim prune``: prunes a model's channels to a latency or an amount of work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edgeslim.cli.options import Host, Port, Seed, Serial, shapes
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.cli.schedules import (
    LrDecayEpochs,
    LrDecayGamma,
    LrStrategy,
    Milestones,
    StartFactor,
    WarmupStartLr,
    WarmupSteps,
    schedule,
)
from edgeslim.device import DeviceChoice
from edgeslim.durations import format_ms, parse_latency
from edgeslim.pruning.prune import prune, read_ratios
from edgeslim.pruning.work import work_unit
from edgeslim.runs.pruning_result import JointLoss, Pruning

__all__ = ["command"]


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    out: Annotated[Path, typer.Option(help="Folder for the pruned model.")],
    target_latency: Annotated[
        str | None,
        typer.Option(help="Goal: a latency by the table: 20ms, or 75% of the model's own."),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Latency table of the device.")] = None,
    target_macs: Annotated[
        str | None, typer.Option(help="Goal: an amount of work, -50% or 300M.")
    ] = None,
    ratios: Annotated[
        Path | None, typer.Option(help="Goal: a JSON file of ratios by names of weights.")
    ] = None,
    metric_loss: Annotated[
        float | None,
        typer.Option(help="Goal: loss that each group alone may cause, as a share of the metric."),
    ] = None,
    counter: Annotated[
        str, typer.Option(help="How work is counted: macs or paddleslim1-flops.")
    ] = "macs",
    strategy: Annotated[
        str | None,
        typer.Option(
            help="uniform, sensitivity, annealing or latency-optimal, which is the default for a "
            "latency."
        ),
    ] = None,
    criterion: Annotated[
        str, typer.Option(help="Which channels go first: l1, or by weights' names conv*=l2,*=l1.")
    ] = "l1",
    match: Annotated[
        str, typer.Option(help="Regular expression over names of weights: prune these only.")
    ] = "",
    task: Annotated[
        str | None, typer.Option(help="Task to evaluate and train on: NAME or NAME:FOLDER.")
    ] = None,
    sensitivities: Annotated[
        Path | None,
        typer.Option(help="File of edgeslim sensitivity or PaddleSlim's pickle; else measured."),
    ] = None,
    eval_share: Annotated[
        float, typer.Option(help="Share of the validation examples that candidates are judged by.")
    ] = 1.0,
    device: Annotated[
        str | None,
        typer.Option(help="Device whose measurement decides whether a latency is met."),
    ] = None,
    serial: Serial = None,
    host: Host = None,
    port: Port = None,
    steps: Annotated[int, typer.Option(help="Steps to the goal, with training in between.")] = 1,
    tries: Annotated[int, typer.Option(help="Candidates that annealing evaluates.")] = 100,
    epochs: Annotated[int, typer.Option(help="Epochs of training after each step.")] = 5,
    batch_size: Annotated[int, typer.Option(help="Examples of a training step.")] = 64,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", "--lr", help="Highest learning rate.")
    ] = None,
    lr_strategy: LrStrategy = None,
    lr_decay_epochs: LrDecayEpochs = None,
    milestones: Milestones = None,
    lr_decay_gamma: LrDecayGamma = None,
    warmup_steps: WarmupSteps = None,
    warmup_start_lr: WarmupStartLr = None,
    start_factor: StartFactor = None,
    seed: Seed = 0,
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Shape of an open input: 1,3,224,224 or name=...")
    ] = None,
    keep_widths: Annotated[
        bool,
        typer.Option(
            "--keep-widths",
            help="With --table: keep widths, even where wider ones take no longer.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Prune a model's channels to one goal, train it again, and save it for deploy.

    Example: edgeslim prune runs/net --target-latency 20ms --table host.jsonl --task digits
    --out runs/pruned
    """
    reached = None
    if device is not None or serial is not None or host is not None:
        reached = DeviceChoice(name=device or "", serial=serial, host=host, port=port)
    result = prune(
        model,
        out=out,
        target_ms=None if target_latency is None else parse_latency(target_latency),
        table=table,
        target_macs=target_macs,
        ratios=None if ratios is None else read_ratios(ratios),
        metric_loss=metric_loss,
        counter=counter,
        strategy=strategy,
        criterion=criterion,
        match=match,
        task=task,
        sensitivities=sensitivities,
        eval_share=eval_share,
        device=reached,
        steps=steps,
        tries=tries,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule=schedule(
            lr_strategy=lr_strategy,
            lr_decay_epochs=lr_decay_epochs,
            milestones=milestones,
            lr_decay_gamma=lr_decay_gamma,
            warmup_steps=warmup_steps,
            warmup_start_lr=warmup_start_lr,
            start_factor=start_factor,
        ),
        seed=seed,
        input_shapes=shapes(input_shape),
        keep_widths=keep_widths,
        progress=terminal_progress(),
    )
    if as_json:
        print_json(msgspec.to_builtins(result))
    else:
        _print(result)


def _print(result: Pruning) -> None:
    print_table(
        ["channels of", "before", "after", ""],
        [
            [
                group.name,
                str(group.before),
                str(group.after),
                f"-{1 - group.after / group.before:.0%}" if group.after < group.before else "",
            ]
            for group in result.groups
        ],
    )
    lines = ["", *_sizes(result)]
    lines += _latency_lines(result)
    lines += _metric_lines(result)
    if result.trade_off:
        print_lines("")
        print_table(
            ["allowed loss of each group", "parameters removed"],
            [[f"{allowed:.0%}", f"{removed:.1%}"] for allowed, removed in result.trade_off],
        )
    what = "the model as it came" if result.note else "the pruned model"
    print_lines(*lines, *([result.note] if result.note else []), f"{what} is in {result.model}")


def _sizes(result: Pruning) -> list[str]:
    """Lines of work and parameters; the goal's own count first, if it is not MACs."""
    pairs = {
        work_unit(result.counter): (result.work_before, result.work_after),
        "MACs": (result.macs_before, result.macs_after),
        "parameters": (result.parameters_before, result.parameters_after),
    }
    return [
        f"{what} {before:,} -> {after:,} ({after / before - 1:+.1%})"
        for what, (before, after) in pairs.items()
    ]


def _latency_lines(result: Pruning) -> list[str]:
    """Lines of latencies before and after, as far as they are known."""
    known = {
        "predicted": (result.predicted_before_ms, result.predicted_ms),
        "measured": (result.measured_before_ms, result.measured_ms),
    }
    parts = []
    for name, (before, after) in known.items():
        if before is not None and after is not None and not result.note:
            faster = f" ({before / after:.2f} times as fast)"
            parts.append(f"{name} {format_ms(before)} -> {format_ms(after)}{faster}")
        elif after is not None:
            parts.append(f"{name} {format_ms(after)}")
    lines = [", ".join(parts)] if parts else []
    if result.raised:
        lines.append(
            f"wider than the goal asks, since that is predicted to take no longer: "
            f"{', '.join(result.raised)} (--keep-widths narrows them all the same)"
        )
    if result.advice:
        is_measured = None not in {result.measured_before_ms, result.measured_ms}
        finding = "it got no faster" if is_measured else "it is predicted to get no faster"
        lines.append(f"{finding}: {result.advice}")
    return lines


def _metric_lines(result: Pruning) -> list[str]:
    """Lines of the metric: before, after cutting, and in the end."""
    names = {"before": "before", "pruned": "pruned"}
    if result.trained_epochs:
        names["after"] = f"trained for {result.trained_epochs} epochs"
    lines = [
        f"{result.metric} {name}: {judged.value:.4f} of {judged.about}"
        for key, name in names.items()
        if (judged := result.judged.get(key)) is not None
    ]
    if "pruned" in result.judged and not result.trained_epochs:
        lines.append(
            "it was not trained after pruning: give --epochs above 0, or use edgeslim train"
        )
    taken = [joint for joint in result.together if joint.taken]
    if taken:  # nothing is, where in the end the whole model met the limit
        lines.append(_together_line(taken[-1], len(result.together) - 1))
    return lines


def _together_line(taken: JointLoss, others: int) -> str:
    """Compares the metric of the pruned network with the one that its groups' losses add up to."""
    line = (
        f"by the losses of its single groups, the pruned model should reach {taken.expected:.4f}; "
        f"it reaches {taken.found:.4f} ({taken.examples:,} examples)"
    )
    if taken.is_guess:
        line += ", as good as guessing"
    return f"{line}; the best of {others + 1} that were evaluated" if others else line
