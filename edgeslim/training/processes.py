"""The processes that train together, and what one of them can ask of the others.

``paddle.distributed.launch`` starts several processes with the same command, and the environment
of each says which one it is. Process 0 is the leader: it alone decides, evaluates, reads and
writes files and talks to the user. The others help it with the steps of a training. Without
launch, or with one process, Paddle's communication is not imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from edgeslim.errors import UsageError
from edgeslim.paddle_io.importing import load_paddle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["ALONE", "Processes", "is_launched", "is_leader", "process_team"]

Value = TypeVar("Value")

_COUNT, _NUMBER = "PADDLE_TRAINERS_NUM", "PADDLE_TRAINER_ID"
"""Variables that ``paddle.distributed.launch`` sets for each process that it starts."""


class Processes(Protocol):
    """The processes that train together, seen from one of them; all must make the same calls."""

    @property
    def count(self) -> int:
        """Number of processes."""

    @property
    def is_leader(self) -> bool:
        """Whether this one is process 0."""

    @property
    def backend(self) -> str:
        """What transports tensors between them: ``gloo``, ``nccl``; empty for one process alone."""

    def check_batch(self, size: int) -> None:
        """Checks that a batch can be shared out.

        Raises:
            UsageError: It has fewer examples than there are processes.
        """

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a batch's indices; the parts differ by one example at most."""

    def seeds(self, seed: int, step: int) -> tuple[int, ...]:
        """Seeds of this process's random generator in a step."""

    def run_everywhere(self, work: Callable[[], Value]) -> Value:
        """Runs ``work`` and returns its result, if it succeeds in every process.

        Raises:
            EdgeslimError: It failed in one; names that process, and is raised in all of them.
        """

    def run_on_leader(self, work: Callable[[], bytes]) -> bytes:
        """Returns what ``work`` gives in process 0, which alone runs it; the others wait for it."""

    def mean_gradients(self, weights: nn.Layer, find: Callable[[], float], share: float) -> float:
        """Turns gradients and buffers into those of the whole batch, in every process.

        Args:
            weights: Network or weights that are trained.
            find: Computes the gradients of this process's part into them; returns its mean loss.
            share: Fraction of the batch that is this process's part.

        Returns:
            The mean loss of the whole batch. If it is not finite, gradients are not valid.

        Raises:
            EdgeslimError: As `run_everywhere`.
        """


class _Alone:
    count = 1
    is_leader = True
    backend = ""

    def check_batch(self, size: int) -> None:
        pass

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        return batch

    def seeds(self, seed: int, step: int) -> tuple[int, ...]:
        return seed, step

    def run_everywhere(self, work: Callable[[], Value]) -> Value:
        return work()

    def run_on_leader(self, work: Callable[[], bytes]) -> bytes:
        return work()

    def mean_gradients(
        self,
        weights: nn.Layer,  # noqa: ARG002 - its gradients are the whole batch's already
        find: Callable[[], float],
        share: float,  # noqa: ARG002
    ) -> float:
        return find()


ALONE: Processes = _Alone()
"""One process, which does everything itself."""


def _from_environment(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(
            f"the environment's {name} is {text!r}, but paddle.distributed.launch sets a number; "
            "unset it, or start with launch"
        )
    return int(text)


def is_launched() -> bool:
    """Whether launch has started this process as one of several.

    Raises:
        UsageError: The environment has values that launch would not set.
    """
    return _from_environment(_COUNT, 1) > 1


def is_leader() -> bool:
    """Whether this process is the only one, or process 0 of several."""
    return not is_launched() or _from_environment(_NUMBER, 0) == 0


@contextmanager
def process_team() -> Iterator[Processes]:
    """The processes that launch has started, which end together; or one alone.

    An error that one of them raises inside ends the work in all of them.

    Raises:
        ProcessLostError: The others do not answer, or one of them ended.
        ReportedElsewhereError: Another process has failed, and reports the reason itself.
    """
    if not is_launched():
        yield ALONE
        return
    number, count = _from_environment(_NUMBER, 0), _from_environment(_COUNT, 1)
    load_paddle()
    from edgeslim.training._team import connect_team

    with connect_team(number, count).fail_together() as team:
        yield team
