"""Whether a pruning's strategy and criterion have what they need."""

from __future__ import annotations

from edgeslim.errors import UsageError
from edgeslim.pruning.criteria import find_criterion
from edgeslim.pruning.strategies import STRATEGIES
from edgeslim.runs.pruning_run import PruneSettings

__all__ = ["check_needs"]


def check_needs(settings: PruneSettings) -> None:
    """Checks that there is a task, or sensitivities, or a latency, where they are needed.

    Args:
        settings: Settings of the pruning.

    Raises:
        UsageError: Something is missing; the message names the option.
    """
    judged = settings.task is not None
    if find_criterion(settings.criterion).needs_gradients and not judged:
        raise UsageError(f"{settings.criterion} goes by gradients: give a --task")
    if settings.target_ms is None and settings.target_macs is None:
        return
    if STRATEGIES.get(settings.strategy).needs_task and not judged:
        raise UsageError(f"{settings.strategy} evaluates pruned networks: give a --task")
    if settings.strategy == "sensitivity" and not judged and not settings.sensitivities:
        raise UsageError("sensitivity needs a --task, or --sensitivities that are known")
    if settings.strategy == "latency-optimal" and settings.target_ms is None:
        raise UsageError("latency-optimal needs --target-latency and a --table")
