"""``edgeslim prune``: prunes a model's channels to a latency or an amount of work."""

from __future__ import annotations

import msgspec

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.counts import format_count
from edgeslim.durations import format_ms
from edgeslim.pruning.prune import PruneRequest, prune
from edgeslim.pruning.work import work_unit
from edgeslim.runs.pruning_result import JointLoss, Pruning

__all__ = ["command"]


@with_options
def command(request: PruneRequest, as_json: Json = False) -> None:
    """Prune a model's channels to one goal, train it again, and save it for deploy.

    Example: edgeslim prune runs/net --target-latency 20ms --table host.jsonl --task digits
    --out runs/pruned
    """
    result = prune(request)
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
        names["after"] = f"trained for {format_count(result.trained_epochs, 'epoch')}"
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
        f"it reaches {taken.found:.4f} ({format_count(taken.examples, 'example')})"
    )
    if taken.is_guess:
        line += ", as good as guessing"
    return f"{line}; the best of {others + 1} that were evaluated" if others else line
