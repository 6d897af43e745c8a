"""Whether a pruning has what it needs, and its limit can be met at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.pruning.criteria import find_criterion
from edgeslim.pruning.limits import ModelLatencyLimit, WorkLimit
from edgeslim.pruning.loss_curves import LossCurve, LossCurves
from edgeslim.pruning.measure_pruned import MEASURE_BELOW
from edgeslim.pruning.strategies import STRATEGIES, WidthProblem
from edgeslim.pruning.subject import PrunableModel
from edgeslim.runs.pruning_run import PruneSettings

__all__ = ["check_needs", "check_reachable"]


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


def check_reachable(
    subject: PrunableModel, limit: ModelLatencyLimit | WorkLimit, settings: PruneSettings
) -> None:
    """Checks that some widths meet a limit, whatever they lose, before work that may take hours.

    Args:
        subject: The model that is pruned.
        limit: The limit of the first step.
        settings: Settings of the pruning.

    Raises:
        InfeasibleTargetError: No widths meet it; the message has what can be reached.
    """
    if isinstance(limit, ModelLatencyLimit) and settings.device is not None:
        # The device decides, and may be faster than its table predicts.
        limit = replace(limit, target_ms=MEASURE_BELOW * limit.target_ms)
    if limit.is_met(limit.narrowest()):
        return
    nothing = LossCurve.fit([1.0], [0.0])
    # The narrowest is not always the fastest: a strategy finds out, or raises the error.
    STRATEGIES.get(settings.strategy).widths(
        WidthProblem(
            subject=subject,
            limit=limit,
            find_losses=lambda: LossCurves(curves=dict.fromkeys(subject.chosen, nothing)),
            generator=np.random.default_rng(settings.seed),
            evaluate=lambda _: 0.0,
        )
    )
