"""Decides when the state of a training is written, and when it must not be."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgeslim.signals import hold_signals
from edgeslim.training.checkpoint import (
    CheckpointHeader,
    data_fingerprint,
    net_fingerprint,
    restore,
    save,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    import paddle
    from paddle import nn

    from edgeslim.training.tasks import TaskData

__all__ = ["CheckpointKeeper"]

_EVERY_S = 300.0


class CheckpointKeeper:
    """Keeps a training's state in a file, as it is after a whole step and never in between.

    As a context manager it writes the state once more if the training ends early.

    Args:
        path: The checkpoint file; None keeps nothing.
        net: The network that is trained.
        optimizer: The optimizer of the network.
        data: Examples that the network learns from.
        settings: All numbers that decide what the training does.

    Raises:
        BadFileError, UsageError: The file is there, but is not of this training.
    """

    def __init__(
        self,
        path: Path | None,
        net: nn.Layer,
        optimizer: paddle.optimizer.Momentum,
        data: TaskData,
        settings: Mapping[str, int | float | str],
    ) -> None:
        self.losses: list[float] = []
        self._path = path
        self._net = net
        self._optimizer = optimizer
        self._is_whole = True
        if path is not None:
            self._about = CheckpointHeader(
                net=net_fingerprint(net), data=data_fingerprint(data), settings=dict(settings)
            )
            if path.exists():
                self.losses = restore(path, self._about, net, optimizer)
        self._kept = len(self.losses)
        self._kept_at = time.monotonic()

    def __enter__(self) -> CheckpointKeeper:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_whole:
            self._keep()

    @contextmanager
    def whole_step(self) -> Iterator[None]:
        """A step runs inside; signals wait for its end, and a failed step is not kept."""
        with hold_signals():
            self._is_whole = False
            yield
            self._is_whole = True

    def save_if_due(self, *, is_epoch_end: bool) -> None:
        """Writes the state after an epoch, and after a step every few minutes."""
        if is_epoch_end or time.monotonic() - self._kept_at >= _EVERY_S:
            self._keep()

    def discard(self) -> None:
        """Removes the file of a training that has diverged, as it would again.

        It is called in a step that fails, after which nothing is kept.
        """
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _keep(self) -> None:
        if self._path is None or len(self.losses) == self._kept:
            return
        with hold_signals():
            save(self._path, self._about, self._net, self._optimizer, self.losses)
            self._kept, self._kept_at = len(self.losses), time.monotonic()
