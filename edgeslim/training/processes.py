"""How many processes train together, and what one of them may ask of the others.

``paddle.distributed.launch`` begins several processes with the same command and tells each by
its environment which one it is. Process 0 leads: it alone decides, evaluates, reads and writes
files and speaks. The others help it with the steps of a training. Without launch, or with one
process, nothing of all this is imported. Needs no Paddle itself.
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

__all__ = ["ALONE", "Processes", "launched", "leads", "together"]

Value = TypeVar("Value")

_COUNT, _NUMBER = "PADDLE_TRAINERS_NUM", "PADDLE_TRAINER_ID"
"""What ``paddle.distributed.launch`` sets for each process that it begins."""


class Processes(Protocol):
    """The processes that train together, seen from one of them. All must call the same."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def leads(self) -> bool:
        """Whether this one is process 0."""

    @property
    def backend(self) -> str:
        """What carries tensors between them: ``gloo``, ``nccl``; empty for one alone."""

    def check_batch(self, size: int) -> None:
        """Proves that a batch can be shared out.

        Raises:
            UsageError: It has fewer examples than there are processes.
        """

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a batch's places; the parts differ by one example at most."""

    def seeds(self, seed: int, step: int) -> tuple[int, ...]:
        """What this process draws from in a step."""

    def agreed(self, work: Callable[[], Value]) -> Value:
        """What ``work`` gives here, if it succeeds in every process.

        Raises:
            EdgeslimError: It failed in one; says which, and is raised in all of them.
        """

    def led(self, work: Callable[[], bytes]) -> bytes:
        """What ``work`` gives in process 0, which alone does it; the others wait, however long."""

    def mean_gradients(self, weights: nn.Layer, find: Callable[[], float], share: float) -> float:
        """Makes gradients and buffers those of the whole batch, in every process.

        Args:
            weights: What is trained.
            find: Leaves the gradients of this process's part in them, and says its mean loss.
            share: Of the batch that is this process's part.

        Returns:
            The mean loss of the whole batch. If it is no number, gradients are no good.

        Raises:
            EdgeslimError: As `agreed`.
        """


class _Alone:
    count = 1
    leads = True
    backend = ""

    def check_batch(self, size: int) -> None:
        pass

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        return batch

    def seeds(self, seed: int, step: int) -> tuple[int, ...]:
        return seed, step

    def agreed(self, work: Callable[[], Value]) -> Value:
        return work()

    def led(self, work: Callable[[], bytes]) -> bytes:
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
            f"the environment's {name} is {text!r}, and paddle.distributed.launch sets a number; "
            "unset it, or begin with launch"
        )
    return int(text)


def launched() -> bool:
    """Whether launch has begun this process as one of several.

    Raises:
        UsageError: The environment says what launch would not.
    """
    return _from_environment(_COUNT, 1) > 1


def leads() -> bool:
    """Whether this process is the only one or process 0, which speaks for all."""
    return not launched() or _from_environment(_NUMBER, 0) == 0


@contextmanager
def together() -> Iterator[Processes]:
    """The processes that launch has begun, which end together; or one alone.

    An error that is raised inside in one of them ends the work in all of them.

    Raises:
        ProcessLostError: The others do not answer, or one of them ended.
        ToldElsewhereError: Another process has failed and says why, and it is not this one.
    """
    if not launched():
        yield ALONE
        return
    number, count = _from_environment(_NUMBER, 0), _from_environment(_COUNT, 1)
    load_paddle()
    from edgeslim.training._several import begun

    with begun(number, count).until_the_end() as team:
        yield team
