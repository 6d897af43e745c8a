"""Checks whether a timeline can continue from a checkpoint with an edited configuration."""

from __future__ import annotations

from typing import Any

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.strategy_settings import Role
from edgeslim.compression.timeline import Timeline
from edgeslim.errors import UsageError
from edgeslim.runs.checkpoint import Checkpoint

__all__ = ["check_resumable", "fixed_settings", "settings_of_begun"]


def fixed_settings(configuration: Configuration, task: str) -> dict[str, Any]:
    """Settings that must be the same for all epochs of a timeline."""
    common = configuration.compressor
    shape = common.input_shape
    return {
        "task": task,
        "seed": common.seed,
        "input_shape": None if shape is None else list(shape),
    }


def settings_of_begun(
    configuration: Configuration, line: Timeline, epoch: int
) -> dict[str, dict[str, Any]]:
    """Keys that cannot change any more, of each strategy that has begun by an epoch."""
    found = {}
    for name, settings in configuration.strategies.items():
        if line.spans[name].first <= epoch and settings.role is not Role.DISTILS:
            own = settings.fixed_keys
            for key, known in (
                ("pruner", configuration.pruners),
                ("controller", configuration.controllers),
            ):
                if own.get(key):
                    own[key] = _to_builtins(known[own[key]])
            found[name] = own
    return found


def check_resumable(
    checkpoint: Checkpoint,
    configuration: Configuration,
    line: Timeline,
    *,
    fixed: dict[str, Any],
    model: str | None,
    data: str | None,
) -> None:
    """Checks that training can continue from a checkpoint with a configuration.

    Args:
        checkpoint: The newest checkpoint of the timeline.
        configuration: The configuration as it is now.
        line: Timeline of the configuration.
        fixed: The `fixed_settings` of the configuration.
        model: Fingerprint of the initial network; None if a search makes it.
        data: Fingerprint of the task's examples; None if it is not known yet.

    Raises:
        UsageError: The epochs that are done would have been different; names the key.
    """
    context, file = checkpoint.context, configuration.file
    mend = "give another checkpoint_path to start again"
    for key, value in fixed.items():
        if context.fixed.get(key) != value:
            raise UsageError(
                f"{file}: compressor.{key} is {value}, and {checkpoint.folder} was made with "
                f"{context.fixed.get(key)}; {mend}"
            )
    for what, mine, theirs in (("model", model, context.model), ("task", data, context.data)):
        if mine is not None and mine != theirs:
            kind = "examples of another task" if what == "task" else "another model"
            raise UsageError(f"{file}: compressor.{what}: {checkpoint.folder} is of {kind}; {mend}")
    _check_begun(checkpoint, configuration, line, mend)


def _check_begun(
    checkpoint: Checkpoint, configuration: Configuration, line: Timeline, mend: str
) -> None:
    context, file = checkpoint.context, configuration.file
    mine = settings_of_begun(configuration, line, context.epoch)
    for name, theirs in context.begun.items():
        if name not in configuration.strategies:
            raise UsageError(
                f"{file}: strategies.{name} is gone, and has begun in {checkpoint.folder}; {mend}"
            )
        own = mine.get(name)
        if own is None:
            raise UsageError(
                f"{file}: strategies.{name}.start_epoch is "
                f"{configuration.strategies[name].start_epoch}, and it has begun in "
                f"{checkpoint.folder}, epoch {context.epoch}; {mend}"
            )
        for key, value in own.items():
            if theirs.get(key) != value:
                raise UsageError(
                    f"{file}: strategies.{name}.{key} is {value}, and it has begun in "
                    f"{checkpoint.folder} with {theirs.get(key)}; {mend}"
                )
    for name in mine:
        if name not in context.begun:
            raise UsageError(
                f"{file}: strategies.{name}.start_epoch is {line.spans[name].first}, and epochs up "
                f"to {context.epoch} are done in {checkpoint.folder} without it; let it begin "
                "later, or " + mend
            )
    if context.epoch >= line.epochs:
        raise UsageError(
            f"{file}: compressor.epoch is {line.epochs}, and {checkpoint.folder} is epoch "
            f"{context.epoch}, which is beyond; {mend}"
        )


def _to_builtins(value: Any) -> Any:  # noqa: ANN401 - a struct of the configuration
    import msgspec

    return msgspec.json.decode(msgspec.json.encode(value))
