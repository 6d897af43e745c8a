"""``edgeslim slim``: from a trained model to a latency limit, by the other commands."""

from __future__ import annotations

import msgspec

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.durations import format_ms
from edgeslim.errors import LimitMissedError
from edgeslim.runs.slim_run import Slimming
from edgeslim.slimming.request import SlimRequest
from edgeslim.slimming.slim import planned_commands, slim

__all__ = ["command"]


@with_options
def command(request: SlimRequest, as_json: Json = False) -> None:
    """Make a trained model meet a latency: prune or quantize, train, measure, prove, report.

    Each step is another command, which is shown and can be repeated alone. Run it again to go on
    after an interruption. It ends with 1 if the limit or the largest loss is not met.

    Example: edgeslim slim runs/net --task digits --target-latency -40% --out runs/slim
    """
    if request.dry_run:
        planned = planned_commands(request)
        if as_json:
            print_json({"commands": planned})
        else:
            print_lines(*planned)
        return
    done = slim(request)
    if as_json:
        print_json(msgspec.to_builtins(done))
    else:
        _print(done)
    if not done.met:
        raise LimitMissedError("; ".join(done.advice))


def _print(done: Slimming) -> None:
    print_table(
        ["made faster by", "measured", "within", done.metric, "lost", ""],
        [
            [
                one.name,
                format_ms(one.measured_ms),
                "yes" if one.met else "NO",
                f"{one.metric.value:.2%}",
                f"{one.lost:+.2%}",
                "<--" if one.name == done.made_by else "",
            ]
            for one in done.candidates
        ],
    )
    limit = f"limit {format_ms(done.limit_ms, round_up=True)}: {'met' if done.met else 'NOT met'}"
    print_lines("", limit)
    if done.after_ms is not None and done.speedup and done.speedup_interval:
        low, high = done.speedup_interval
        print_lines(
            f"measured {format_ms(done.before_ms)} -> {format_ms(done.after_ms)}: "
            f"{done.speedup:.2f} times as fast ({low:.2f} to {high:.2f})"
        )
    print_lines(
        *(
            f"{done.metric} {when}: {judged.value:.4f} of {judged.about}"
            for when, judged in done.judged.items()
        ),
        f"the model is in {done.model}, its report in {done.report}",
    )
