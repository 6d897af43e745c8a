"""Several processes that train together, started by ``paddle.distributed.launch``.

Tensors go through Paddle's collectives (gloo on CPUs, NCCL on GPUs). Everything else goes through
sockets of our own, before each collective: so no process enters one that another will not enter.
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

from edgeslim.errors import EdgeslimError, ProcessLostError, ReportedElsewhereError, UsageError
from edgeslim.signals import hold_signals
from edgeslim.training._mean_gradients import Buffers, has_gradient, sum_gradients
from edgeslim.training._sockets import Connection, Rendezvous, connect

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["ProcessTeam", "connect_team"]

Value = TypeVar("Value")

_END_S = 60.0
"""Launch ends all processes when one has ended; the others let process 0 report first."""

_DELIVERY_S = 5.0
"""A process that computes receives later why the others ended."""

_ADDRESS_KEY = "edgeslim/place"


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag="failure"):
    """A failure of a process.

    Args:
        code: Exit code that a command would end with.
        text: The error message, in one line.
    """

    code: int
    text: str


class Status(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """Result of one process at work that all do.

    Args:
        failure: The failure, or None if the process succeeded.
        loss: Its part of a batch's mean loss.
        gradients: Whether each parameter has a gradient.
    """

    failure: Failure | None = None
    loss: float = 0.0
    gradients: tuple[bool, ...] = ()


class Statuses(msgspec.Struct, frozen=True, kw_only=True, tag="statuses"):
    """The results of all processes, in order."""

    of: tuple[Status, ...]


class Broadcast(msgspec.Struct, frozen=True, kw_only=True, tag="told"):
    """A value that process 0 gives to all."""

    value: bytes


_MESSAGES = msgspec.msgpack.Decoder(Statuses | Broadcast | Failure)


class ProcessTeam:
    """The processes of one training, seen from one of them; see `Processes`.

    Args:
        number: Index of this process, from 0.
        count: Number of all processes.
        connections: Of process 0 those to all others in order; of others the one to process 0.
        backend: Backend of the collectives, ``gloo`` or ``nccl``.
    """

    def __init__(
        self, number: int, count: int, connections: Sequence[Connection], backend: str
    ) -> None:
        self.count = count
        self.backend = backend
        self._number = number
        self._connections = connections

    @property
    def is_leader(self) -> bool:
        """Whether this is process 0."""
        return self._number == 0

    def check_batch(self, size: int) -> None:
        """Checks that each process gets an example."""
        if size < self.count:
            raise UsageError(
                f"batch_size {size} is shared out over {self.count} processes, so it must be at "
                f"least {self.count}"
            )

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's part of a batch."""
        return np.array_split(batch, self.count)[self._number]

    def seeds(self, seed: int, step: int) -> tuple[int, ...]:
        """Seeds of this process's random generator in a step; each process has its own."""
        return seed, step, self._number

    def run_everywhere(self, work: Callable[[], Value]) -> Value:
        """Runs ``work`` and returns its result, if it succeeds in every process."""
        value, _ = self._attempt(work, lambda _: Status())
        return value

    def run_on_leader(self, work: Callable[[], bytes]) -> bytes:
        """Returns what ``work`` gives in process 0."""
        if not self.is_leader:
            message = self._receive()
            assert isinstance(message, Broadcast)  # noqa: S101 - all processes run the same code
            return message.value
        value = work()
        self._send_to_all(Broadcast(value=value))
        return value

    def mean_gradients(self, weights: nn.Layer, find: Callable[[], float], share: float) -> float:
        """Turns gradients and buffers into those of the whole batch."""
        parameters = [weight for weight in weights.parameters() if not weight.stop_gradient]
        buffers = Buffers(weights)

        def status_of(loss: float) -> Status:
            return Status(loss=loss * share, gradients=tuple(map(has_gradient, parameters)))

        _, found = self._attempt(find, status_of)
        loss = sum(status.loss for status in found)
        if np.isfinite(loss):
            anywhere = map(any, zip(*(status.gradients for status in found), strict=True))
            used = [weight for weight, is_used in zip(parameters, anywhere, strict=True) if is_used]
            with self._collective():
                sum_gradients(used, buffers, share)
        return loss

    def _attempt(
        self, work: Callable[[], Value], status_of: Callable[[Value], Status]
    ) -> tuple[Value, Sequence[Status]]:
        """Runs ``work``; returns its result here and the status of all, if none has failed."""
        own: Exception | None = None
        try:
            value = work()
            status = status_of(value)
        except Exception as error:  # noqa: BLE001 - whatever fails here ends all processes
            own, status = error, Status(failure=_failure(error))
        found = self._exchange(status)
        if own is not None and self.is_leader:
            raise own
        self._check(found)
        return value, found

    def _check(self, found: Sequence[Status]) -> None:
        """Raises the failure of the first process that has failed."""
        for number, status in enumerate(found):
            if status.failure is None:
                continue
            text = f"process {number} of {self.count}: {status.failure.text}"
            if not self.is_leader:
                raise ReportedElsewhereError(text, status.failure.code)
            is_usage = status.failure.code == UsageError.exit_code
            raise UsageError(text) if is_usage else EdgeslimError(text)

    def _exchange(self, status: Status) -> Sequence[Status]:
        """The status of every process, in order."""
        if not self.is_leader:
            self._connections[0].send(msgspec.msgpack.encode(status))
            message = self._receive()
            assert isinstance(message, Statuses)  # noqa: S101 - all processes run the same code
            return message.of
        others = [
            msgspec.msgpack.decode(connection.receive(), type=Status)
            for connection in self._connections
        ]
        found = (status, *others)
        self._send_to_all(Statuses(of=found))
        return found

    def _send_to_all(self, message: Statuses | Broadcast | Failure) -> None:
        encoded = msgspec.msgpack.encode(message)
        for connection in self._connections:
            connection.send(encoded)

    def _receive(self) -> Statuses | Broadcast:
        message: Statuses | Broadcast | Failure = _MESSAGES.decode(self._connections[0].receive())
        if isinstance(message, Failure):
            raise ReportedElsewhereError(message.text, message.code)
        return message

    @contextmanager
    def _collective(self) -> Iterator[None]:
        """Collective operations run inside; signals wait, so that no process leaves them."""
        try:
            with hold_signals():
                yield
        except (RuntimeError, ValueError, OSError) as error:
            # Paddle raises plain errors from its native code.
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise ProcessLostError(
                f"the processes lost each other ({reason[:200]}); run the same command again to "
                "continue"
            ) from error

    @contextmanager
    def fail_together(self) -> Iterator[ProcessTeam]:
        """All processes work inside; if one of them fails, all do."""
        try:
            yield self
        except BaseException as error:
            if self.is_leader:
                self._send_failure(error)
            elif isinstance(error, Exception):
                self._report_to_leader(error)
            raise

    def _send_failure(self, error: BaseException) -> None:
        message = msgspec.msgpack.encode(_failure(error))
        for connection in self._connections:
            with suppress(ProcessLostError):
                connection.send(message)
        # A process that ends with unread messages drops what it has sent, so its end is waited for.
        until = time.monotonic() + _DELIVERY_S
        for connection in self._connections:
            connection.wait_for_end(max(0.01, until - time.monotonic()))

    def _report_to_leader(self, error: Exception) -> None:
        """Sends the error to process 0, which reports it to the user, and ends after it.

        Raises:
            ReportedElsewhereError: Process 0 has reported this error or one of its own.
        """
        if isinstance(error, ProcessLostError):
            return
        connection = self._connections[0]
        if isinstance(error, ReportedElsewhereError):
            connection.shut_down()
            connection.wait_for_end(_END_S)
            return
        with suppress(ProcessLostError):
            connection.send(msgspec.msgpack.encode(Status(failure=_failure(error))))
            try:
                while True:  # process 0 may still send messages of the work before
                    message = self._receive()
                    self._check(message.of if isinstance(message, Statuses) else ())
            except ReportedElsewhereError as reported:
                connection.shut_down()
                connection.wait_for_end(_END_S)
                raise reported from error


def _failure(error: BaseException) -> Failure:
    if isinstance(error, EdgeslimError):
        return Failure(code=error.exit_code, text=str(error))
    return Failure(code=1, text=f"unexpected {type(error).__name__}: {error}")


@cache
def connect_team(number: int, count: int) -> ProcessTeam:
    """Connects the processes that launch has started.

    Raises:
        ProcessLostError: They do not find each other.
    """
    if not paddle.is_compiled_with_cuda():
        os.environ.setdefault("PADDLE_DISTRI_BACKEND", "gloo")
    backend = os.environ.get("PADDLE_DISTRI_BACKEND", "auto")
    try:
        with redirect_stderr(io.StringIO()):  # it lists the flags that edgeslim has set
            distributed.init_parallel_env()
        store = core.create_or_get_global_tcp_store()
        if number:
            connections = [connect(store.get(_ADDRESS_KEY).decode(), number, count)]
        else:
            host = os.environ.get("PADDLE_CURRENT_ENDPOINT", "127.0.0.1").partition(":")[0]
            rendezvous = Rendezvous(host)
            store.set(_ADDRESS_KEY, rendezvous.address)
            connections = rendezvous.accept_all(count)
    except (RuntimeError, ValueError, OSError, AssertionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise ProcessLostError(
            f"process {number} of {count} does not find the others ({reason[:200]}); start all of "
            "them with one paddle.distributed.launch"
        ) from error
    return ProcessTeam(number, count, connections, "nccl" if backend == "auto" else backend)
