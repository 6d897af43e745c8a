"""Several processes that train together, begun by ``paddle.distributed.launch``.

Tensors go by Paddle's collectives (gloo on CPUs, NCCL on GPUs). Everything else goes by lines
of our own, and before each collective: so no process enters one that another will not.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
import paddle
from paddle import distributed
from paddle.base import core

from edgeslim.errors import EdgeslimError, ProcessLostError, ToldElsewhereError, UsageError
from edgeslim.signals import signals_wait
from edgeslim.training._lines import Line, Meeting, join
from edgeslim.training._mean_gradients import Buffers, has_gradient, sum_gradients

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["Several", "begun"]

Value = TypeVar("Value")

_END_S = 60.0
"""Launch ends all processes when one has; the others let process 0 speak first."""

_HEARD_S = 5.0
"""One that computes hears later why the others ended."""

_PLACE = "edgeslim/place"


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag="failure"):
    """Something failed in a process.

    Args:
        code: What a command would exit with.
        text: One line.
    """

    code: int
    text: str


class Status(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """How a process did what all were to do.

    Args:
        failure: If it failed.
        loss: Its part of a batch's mean loss.
        gradients: Which parameters have one.
    """

    failure: Failure | None = None
    loss: float = 0.0
    gradients: tuple[bool, ...] = ()


class Statuses(msgspec.Struct, frozen=True, kw_only=True, tag="statuses"):
    """Those of all processes, in order."""

    of: tuple[Status, ...]


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="told"):
    """What process 0 gives to all."""

    value: bytes


_Heard = msgspec.msgpack.Decoder(Statuses | Told | Failure)


class Several:
    """One of several processes.

    Args:
        number: Which one.
        count: How many there are.
        lines: Process 0's lines to all others in order, or the others' line to process 0.
        backend: Of the collectives.
    """

    def __init__(self, number: int, count: int, lines: Sequence[Line], backend: str) -> None:
        self.count = count
        self.backend = backend
        self._number = number
        self._lines = lines

    @property
    def leads(self) -> bool:
        """Whether it is process 0."""
        return self._number == 0

    def check_batch(self, size: int) -> None:
        """Proves that each process gets an example."""
        if size < self.count:
            raise UsageError(
                f"batch_size {size} is shared out over {self.count} processes, so it must be at "
                f"least {self.count}"
            )

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a batch."""
        return np.array_split(batch, self.count)[self._number]

    def seeds(self, seed: int, step: int) -> tuple[int, ...]:
        """Draws of each process are its own."""
        return seed, step, self._number

    def agreed(self, work: Callable[[], Value]) -> Value:
        """What ``work`` gives here, if it succeeds everywhere."""
        value, _ = self._tried(work, lambda _: Status())
        return value

    def led(self, work: Callable[[], bytes]) -> bytes:
        """What ``work`` gives in process 0."""
        if not self.leads:
            heard = self._heard()
            assert isinstance(heard, Told)  # noqa: S101 - all processes run the same code
            return heard.value
        value = work()
        self._tell(Told(value=value))
        return value

    def mean_gradients(self, weights: nn.Layer, find: Callable[[], float], share: float) -> float:
        """Makes gradients and buffers those of the whole batch."""
        parameters = [each for each in weights.parameters() if not each.stop_gradient]
        buffers = Buffers(weights)

        def say(loss: float) -> Status:
            return Status(loss=loss * share, gradients=tuple(map(has_gradient, parameters)))

        _, found = self._tried(find, say)
        loss = sum(each.loss for each in found)
        if np.isfinite(loss):
            anywhere = [any(each) for each in zip(*(each.gradients for each in found), strict=True)]
            used = [each for each, is_used in zip(parameters, anywhere, strict=True) if is_used]
            with self._collective():
                sum_gradients(used, buffers, share)
        return loss

    def _tried(
        self, work: Callable[[], Value], say: Callable[[Value], Status]
    ) -> tuple[Value, Sequence[Status]]:
        """What ``work`` gives here, and how it went everywhere, where nothing failed."""
        own: Exception | None = None
        try:
            value = work()
            status = say(value)
        except Exception as error:  # noqa: BLE001 - whatever fails here ends all processes
            own, status = error, Status(failure=_failure(error))
        found = self._exchanged(status)
        if own is not None and self.leads:
            raise own
        self._check(found)
        return value, found

    def _check(self, found: Sequence[Status]) -> None:
        """Raises the failure of the first process that has failed."""
        for number, each in enumerate(found):
            if each.failure is None:
                continue
            text = f"process {number} of {self.count}: {each.failure.text}"
            if not self.leads:
                raise ToldElsewhereError(text, each.failure.code)
            is_usage = each.failure.code == UsageError.exit_code
            raise UsageError(text) if is_usage else EdgeslimError(text)

    def _exchanged(self, status: Status) -> Sequence[Status]:
        """The status of every process, in order."""
        if not self.leads:
            self._lines[0].send(msgspec.msgpack.encode(status))
            heard = self._heard()
            assert isinstance(heard, Statuses)  # noqa: S101 - all processes run the same code
            return heard.of
        others = [msgspec.msgpack.decode(line.receive(), type=Status) for line in self._lines]
        found = (status, *others)
        self._tell(Statuses(of=found))
        return found

    def _tell(self, message: Statuses | Told | Failure) -> None:
        encoded = msgspec.msgpack.encode(message)
        for line in self._lines:
            line.send(encoded)

    def _heard(self) -> Statuses | Told:
        heard: Statuses | Told | Failure = _Heard.decode(self._lines[0].receive())
        if isinstance(heard, Failure):
            raise ToldElsewhereError(heard.text, heard.code)
        return heard

    @contextmanager
    def _collective(self) -> Iterator[None]:
        """Tensors of all processes meet inside; nobody leaves for a signal."""
        try:
            with signals_wait():
                yield
        except (RuntimeError, ValueError, OSError) as error:
            # Paddle raises plain errors from its native code.
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise ProcessLostError(
                f"the processes lost each other ({reason[:200]}); the same command goes on where "
                "it was"
            ) from error

    @contextmanager
    def until_the_end(self) -> Iterator[Several]:
        """Work of all processes is done inside, and fails everywhere if it fails in one."""
        try:
            yield self
        except BaseException as error:
            if self.leads:
                self._say_everywhere(error)
            elif isinstance(error, Exception):
                self._leave(error)
            raise

    def _say_everywhere(self, error: BaseException) -> None:
        message = msgspec.msgpack.encode(_failure(error))
        for line in self._lines:
            with suppress(ProcessLostError):
                line.send(message)
        # What was sent is lost where a process ends that has not read all it was sent.
        until = time.monotonic() + _HEARD_S
        for line in self._lines:
            line.wait_for_end(max(0.01, until - time.monotonic()))

    def _leave(self, error: Exception) -> None:
        """Tells process 0, which says it to the user, and ends after it.

        Raises:
            ToldElsewhereError: Process 0 has heard of it, or said something itself.
        """
        if isinstance(error, ProcessLostError):
            return
        line = self._lines[0]
        if isinstance(error, ToldElsewhereError):
            line.last_word()
            line.wait_for_end(_END_S)
            return
        with suppress(ProcessLostError):
            line.send(msgspec.msgpack.encode(Status(failure=_failure(error))))
            try:
                while True:  # what it says to work that is not done any more
                    heard = self._heard()
                    self._check(heard.of if isinstance(heard, Statuses) else ())
            except ToldElsewhereError as told:
                line.last_word()
                line.wait_for_end(_END_S)
                raise told from error


def _failure(error: BaseException) -> Failure:
    if isinstance(error, EdgeslimError):
        return Failure(code=error.exit_code, text=str(error))
    return Failure(code=1, text=f"unexpected {type(error).__name__}: {error}")


@cache
def begun(number: int, count: int) -> Several:
    """The processes that launch has begun, all here.

    Raises:
        ProcessLostError: They do not find each other.
    """
    if not paddle.is_compiled_with_cuda():
        os.environ.setdefault("PADDLE_DISTRI_BACKEND", "gloo")
    backend = os.environ.get("PADDLE_DISTRI_BACKEND", "auto")
    try:
        with redirect_stderr(io.StringIO()):  # it lists the flags that are ours
            distributed.init_parallel_env()
        store = core.create_or_get_global_tcp_store()
        if number:
            lines = [join(store.get(_PLACE).decode(), number, count)]
        else:
            host = os.environ.get("PADDLE_CURRENT_ENDPOINT", "127.0.0.1").partition(":")[0]
            meeting = Meeting(host)
            store.set(_PLACE, meeting.place)
            lines = meeting.all_here(count)
    except (RuntimeError, ValueError, OSError, AssertionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise ProcessLostError(
            f"process {number} of {count} does not find the others ({reason[:200]}); begin all of "
            "them with one paddle.distributed.launch"
        ) from error
    return Several(number, count, lines, "nccl" if backend == "auto" else backend)
