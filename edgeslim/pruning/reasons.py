"""Why nothing was cut, and what to do where a cut saved no time: sentences for people."""

from __future__ import annotations

from edgeslim.durations import format_ms
from edgeslim.runs.pruning_run import PruneSettings

__all__ = ["advice", "why_whole"]

_WORTHWHILE = 0.8
"""Share of a network's latency that is offered as a limit."""


def why_whole(
    settings: PruneSettings,
    predicted_ms: float | None,
    measured_ms: float | None,
    work: tuple[float, float] | None,
    *,
    is_raised: bool,
) -> str:
    """Why nothing goes.

    Args:
        settings: What was asked for.
        predicted_ms: Of the whole model, by the table.
        measured_ms: By the device.
        work: The most that was asked for and what there is, if that is the goal.
        is_raised: Whether something would have gone, and would have saved no time.
    """
    if settings.target_ms is not None:
        found = [("predicted", predicted_ms), ("measured", measured_ms)]
        told = ", ".join(f"{name} {format_ms(ms)}" for name, ms in found if ms is not None)
        limit = format_ms(settings.target_ms)
        takes_ms = predicted_ms if measured_ms is None else measured_ms
        if takes_ms is not None and takes_ms > settings.target_ms:
            return f"as far on the way to {limit} as this step goes ({told}): nothing is cut"
        return f"the limit of {limit} is met already ({told}): nothing is cut"
    if work is not None:
        limit, has = (f"{value:,.0f}" for value in work)
        return f"the limit of {limit} {settings.counter} is met already, by {has}: nothing is cut"
    if settings.ratios is not None:
        return "the ratios are of less than a channel of each group: nothing is cut"
    if is_raised:
        return (
            "what could go is predicted to save no time: nothing is cut; --keep-widths cuts it "
            "all the same"
        )
    return f"no group can lose a channel for {settings.metric_loss:.3g}: nothing is cut"


def advice(settings: PruneSettings, before_ms: float | None, after_ms: float | None) -> str:
    """What makes a network faster that was cut and got no faster; nothing if it did.

    Args:
        settings: What was asked for.
        before_ms: What the model took as it was, both predicted or both measured.
        after_ms: What the pruned one takes.
    """
    if before_ms is None or after_ms is None or after_ms < before_ms:
        return ""
    table = f" --table {settings.table}" if settings.table else " and the --table of the device"
    return (
        f"{settings.goal} knows nothing of latency: --target-latency "
        f"{_WORTHWHILE * before_ms:.3g}ms{table} instead of it makes the network faster"
    )
