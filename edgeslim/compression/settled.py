"""Whether a checkpoint and a configuration can be of one timeline; edits win where they can."""

from __future__ import annotations

from typing import Any

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.strategies import Role
from edgeslim.compression.timeline import Timeline
from edgeslim.errors import UsageError
from edgeslim.runs.checkpoint import Checkpoint

__all__ = ["begun_settings", "check_goes_on", "fixed_settings"]


def fixed_settings(configuration: Configuration, task: str) -> dict[str, Any]:
    """What must be the same for all epochs of a timeline."""
    common = configuration.compressor
    shape = common.input_shape
    return {
        "task": task,
        "seed": common.seed,
        "input_shape": None if shape is None else list(shape),
    }


def begun_settings(
    configuration: Configuration, line: Timeline, epoch: int
) -> dict[str, dict[str, Any]]:
    """Of each strategy that has begun by an epoch, the keys that cannot change any more."""
    found = {}
    for name, settings in configuration.strategies.items():
        if line.spans[name].first <= epoch and settings.role is not Role.DISTILS:
            own = settings.settled
            for key, known in (
                ("pruner", configuration.pruners),
                ("controller", configuration.controllers),
            ):
                if own.get(key):
                    own[key] = _built(known[own[key]])
            found[name] = own
    return found


def check_goes_on(
    checkpoint: Checkpoint,
    configuration: Configuration,
    line: Timeline,
    *,
    fixed: dict[str, Any],
    model: str | None,
    data: str | None,
) -> None:
    """Proves that training can go on after a checkpoint as the configuration now says.

    Args:
        checkpoint: The newest.
        configuration: As it is now.
        line: Its timeline.
        fixed: Its `fixed_settings`.
        model: Fingerprint of the network that it begins with; None if a search makes it.
        data: Of the task's examples; None if that is not known before.

    Raises:
        UsageError: The epochs that are done would have been others; says by which key.
    """
    context, file = checkpoint.context, configuration.file
    mend = "give another checkpoint_path to begin anew"
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
    mine = begun_settings(configuration, line, context.epoch)
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


def _built(value: Any) -> Any:  # noqa: ANN401 - a struct of the configuration
    import msgspec

    return msgspec.json.decode(msgspec.json.encode(value))
