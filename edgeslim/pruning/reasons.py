"""Texts: why nothing was pruned, and advice where pruning saved no time."""

from __future__ import annotations

from edgeslim.durations import format_ms
from edgeslim.runs.pruning_run import PruneSettings

__all__ = ["advice", "why_whole"]

_WORTHWHILE = 0.8
"""Share of a network's latency that is suggested as a limit."""


def why_whole(
    settings: PruneSettings,
    predicted_ms: float | None,
    measured_ms: float | None,
    work: tuple[float, float] | None,
    *,
    is_raised: bool,
) -> str:
    """The reason why nothing is pruned.

    Args:
        settings: Settings of the pruning.
        predicted_ms: Latency of the whole model by the table, in milliseconds.
        measured_ms: Latency of the whole model on the device, in milliseconds.
        work: Limit on work and work of the model, if that is the goal.
        is_raised: Whether the widths were raised to the full ones, since that takes no longer.
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
    """Advice for a pruned network that did not get faster; empty if it did.

    Args:
        settings: Settings of the pruning.
        before_ms: Latency of the whole model, predicted or measured as ``after_ms``.
        after_ms: Latency of the pruned model.
    """
    if before_ms is None or after_ms is None or after_ms < before_ms:
        return ""
    table = f" --table {settings.table}" if settings.table else " and the --table of the device"
    return (
        f"{settings.goal} knows nothing of latency: --target-latency "
        f"{_WORTHWHILE * before_ms:.3g}ms{table} instead of it makes the network faster"
    )
