"""When the state of a training is written, and when it must not be."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgeslim.signals import signals_wait
from edgeslim.training.checkpoint import (
    About,
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

__all__ = ["Keeper"]

_EVERY_S = 300.0


class Keeper:
    """Keeps a training's state in a file, as it is after a whole step and never in between.

    As a context it writes the state once more if the training ends before it is done.

    Args:
        path: The file; None keeps nothing.
        net: What is trained.
        optimizer: What trains it.
        data: What it learns from.
        settings: All numbers that decide what the training does.

    Raises:
        BadFileError, UsageError: There is a file, and not of this training.
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
            self._about = About(
                net=net_fingerprint(net), data=data_fingerprint(data), settings=dict(settings)
            )
            if path.exists():
                self.losses = restore(path, self._about, net, optimizer)
        self._kept = len(self.losses)
        self._kept_at = time.monotonic()

    def __enter__(self) -> Keeper:  # noqa: PYI034 - Python 3.10 has no Self
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
        """A step is done inside; signals wait for its end, and an error in it is not kept."""
        with signals_wait():
            self._is_whole = False
            yield
            self._is_whole = True

    def done(self, *, with_epoch: bool) -> None:
        """A step is done, and maybe an epoch."""
        if with_epoch or time.monotonic() - self._kept_at >= _EVERY_S:
            self._keep()

    def forget(self) -> None:
        """The training came to nothing, and would again; nothing is left that others collide with.

        It is called in a step that fails, after which nothing is kept.
        """
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _keep(self) -> None:
        if self._path is None or len(self.losses) == self._kept:
            return
        with signals_wait():
            save(self._path, self._about, self._net, self._optimizer, self.losses)
            self._kept, self._kept_at = len(self.losses), time.monotonic()
