"""A device daemon that the real adb server connects to, and that can be told to fail.

It speaks the wire protocol over TCP without authentication and runs commands with this
machine's shell. Like a phone's daemon it does not end a command whose stream is closed: it
closes the command's pipes, and no more.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.devices.adb_shell import run_shell
from tests.devices.adb_sync import run_sync
from tests.devices.adb_wire import MAX_DATA, VERSION, Message, read_message, write_message
from tests.tools import program

__all__ = ["AdbDaemon", "Faults", "LinkCutError", "Stream"]


class LinkCutError(Exception):
    """The daemon was told to break the link here."""


@dataclass(slots=True)
class Faults:
    """What goes wrong.

    Args:
        cut_after: The link is cut once so many messages came and went; None is never.
        cuts_left: How often.
        hang: The daemon reads nothing any more.
        delay_s: Every message is on its way so long, as on a slow link.
        garble: Changes what commands print.
        disk_bytes: How many bytes the disk still takes; None is any number.
        unauthorized: Nobody accepts the computer's key.
        refuse: Nobody is let in: the device is away.
    """

    cut_after: int | None = None
    cuts_left: int = 1
    hang: bool = False
    delay_s: float = 0.0
    garble: Callable[[bytes], bytes] | None = None
    disk_bytes: int | None = None
    unauthorized: bool = False
    refuse: bool = False


class Stream:
    """One stream of a connection, as a service sees it."""

    def __init__(self, link: _Link, own: int, other: int) -> None:
        self._link = link
        self._own = own
        self._other = other
        self._credit = threading.Semaphore(0)
        self.arrived: queue.Queue[bytes] = queue.Queue()
        self.closed = threading.Event()

    def taken(self) -> None:
        """The other side took what was written last."""
        self._credit.release()

    def write(self, data: bytes) -> None:
        """Sends bytes; waits until they were taken, as the protocol demands."""
        for start in range(0, len(data), MAX_DATA):
            if self.closed.is_set():
                raise BrokenPipeError
            part = data[start : start + MAX_DATA]
            self._link.send(Message(b"WRTE", self._own, self._other, part))
            self._credit.acquire()

    def read(self) -> bytes:
        """The next bytes; nothing once the stream is closed."""
        return self.arrived.get()

    def end(self) -> None:
        """No more will come from the other side."""
        self.closed.set()
        self.arrived.put(b"")
        self._credit.release()

    def close(self) -> None:
        """Ends the stream from this side."""
        if not self.closed.is_set():
            self.closed.set()
            with contextlib.suppress(OSError, LinkCutError):
                self._link.send(Message(b"CLSE", self._own, self._other))


class _Delayed:
    """Hands messages on in order, each some time after it came; they do not wait for each other."""

    def __init__(self, take: Callable[[Message], None]) -> None:
        self._take = take
        self._waiting: queue.Queue[tuple[float, Message]] = queue.Queue()
        self._started = False

    def put(self, delay_s: float, message: Message) -> None:
        self._waiting.put((time.monotonic() + delay_s, message))
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            due, message = self._waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            self._take(message)


class _Link:
    """A connection of an adb server."""

    def __init__(self, daemon: AdbDaemon, connection: socket.socket) -> None:
        self._daemon = daemon
        self._connection = connection
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._next = 1
        self._incoming = _Delayed(self._take_delayed)
        self._outgoing = _Delayed(self._send_now)

    def serve(self) -> None:
        try:
            while True:
                message = read_message(self._connection)
                if self._daemon.faults.delay_s:
                    self._incoming.put(self._daemon.faults.delay_s, message)
                else:
                    self._take(message)
        except (EOFError, OSError, LinkCutError):
            pass
        finally:
            self.cut()
            for stream in list(self._streams.values()):
                stream.end()

    def cut(self) -> None:
        """Breaks the connection without a word."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _take_delayed(self, message: Message) -> None:
        with contextlib.suppress(OSError, LinkCutError):
            self._take(message)

    def send(self, message: Message) -> None:
        self._daemon.passing(self)
        if self._daemon.faults.delay_s:
            self._outgoing.put(self._daemon.faults.delay_s, message)
        else:
            self._send_now(message)

    def _send_now(self, message: Message) -> None:
        with self._sending, contextlib.suppress(OSError):
            write_message(self._connection, message)

    def _take(self, message: Message) -> None:
        self._daemon.passing(self)
        if message.command == b"CNXN":
            self._greet()
            return
        stream = self._streams.get(message.second)
        if message.command == b"OPEN":
            self._open(message)
        elif stream is None:
            if message.command != b"CLSE":
                self.send(Message(b"CLSE", 0, message.first))
        elif message.command == b"WRTE":
            stream.arrived.put(message.data)
            self.send(Message(b"OKAY", message.second, message.first))
        elif message.command == b"OKAY":
            stream.taken()
        elif message.command == b"CLSE":
            self._streams.pop(message.second).end()

    def _greet(self) -> None:
        if self._daemon.faults.unauthorized:
            self.send(Message(b"AUTH", 1, 0, os.urandom(20)))
            return
        banner = ";".join(
            [
                "device::ro.product.name=made_up",
                "ro.product.model=Made Up",
                "ro.product.device=made_up",
                f"features={','.join(self._daemon.features)}",
            ]
        )
        self.send(Message(b"CNXN", VERSION, MAX_DATA, banner.encode()))

    def _open(self, message: Message) -> None:
        service = message.data.rstrip(b"\0").decode(errors="surrogateescape")
        own, self._next = self._next, self._next + 1
        stream = Stream(self, own, message.first)
        known = self._daemon.service(service)
        if known is None:
            self.send(Message(b"CLSE", 0, message.first))
            return
        self._streams[own] = stream
        self.send(Message(b"OKAY", own, message.first))
        threading.Thread(target=self._run, args=(known, stream), daemon=True).start()

    def _run(self, service: Callable[[Stream], None], stream: Stream) -> None:
        with contextlib.suppress(OSError, LinkCutError):
            service(stream)
        stream.close()


@dataclass
class AdbDaemon:
    """A device, in threads of this process.

    Args:
        features: What it says it can.
        environment: Variables its commands have beside this process's own.
        wrapper: Program and arguments that start each command's shell.
        shell: That shell.
    """

    features: tuple[str, ...] = ("shell_v2", "cmd")
    environment: Mapping[str, str] = field(default_factory=dict)
    wrapper: Sequence[str] = ()
    shell: str = "/bin/sh"
    faults: Faults = field(default_factory=Faults)
    messages: int = 0
    port: int = 0
    commands: list[str] = field(default_factory=list)
    _links: list[_Link] = field(default_factory=list)
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def listening(self) -> Iterator[AdbDaemon]:
        """Is there, at ``port``, until the context ends."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            threading.Thread(target=self._accept, args=(server,), daemon=True).start()
            try:
                yield self
            finally:
                server.shutdown(socket.SHUT_RDWR)  # ends what waits for the next connection
                self.reboot()

    @property
    def serial(self) -> str:
        """What the adb server calls it."""
        return f"127.0.0.1:{self.port}"

    def disconnect(self, server_port: int) -> None:
        """Has the adb server forget it."""
        subprocess.run(
            [program("adb"), "-P", str(server_port), "disconnect", self.serial],
            capture_output=True,
            timeout=20,
            check=False,
        )

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            if self.faults.refuse:
                connection.close()
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self, connection)
            self._links.append(link)
            threading.Thread(target=link.serve, daemon=True).start()

    def passing(self, link: _Link) -> None:
        """Counts a message, and does to it what the faults say."""
        faults = self.faults
        while faults.hang:
            time.sleep(0.05)
        with self._lock:
            self.messages += 1
            due = faults.cut_after is not None and self.messages > faults.cut_after
            if not due or faults.cuts_left <= 0:
                return
            faults.cuts_left -= 1
        link.cut()
        raise LinkCutError

    def cut(self) -> None:
        """Breaks every link; commands run on."""
        for link in self._links:
            link.cut()
        self._links.clear()

    def reboot(self) -> None:
        """Breaks every link and ends every command with all its children."""
        self.cut()
        for child in self._running():
            for process in [child.pid, *_descendants(child.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(10)
        self._children.clear()

    def kill_programs(self) -> None:
        """Ends what commands run, and leaves their shells, as a device short of memory does."""
        for child in self._running():
            for process in _descendants(child.pid):
                with contextlib.suppress(OSError):
                    if not Path(f"/proc/{process}/comm").read_text().startswith(("sh", "sleep")):
                        os.kill(process, signal.SIGKILL)

    def alive(self) -> list[str]:
        """Commands that still run."""
        return [str(child.args) for child in self._running()]

    def _running(self) -> list[subprocess.Popen[bytes]]:
        """Commands that have not ended; the number of one that has may be another's by now."""
        return [child for child in list(self._children) if child.poll() is None]

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Starts a command as the device's shell does."""
        self.commands.append(command)
        child = subprocess.Popen(
            [*self.wrapper, self.shell, "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.environment},
            start_new_session=True,
            bufsize=0,
        )
        self._children.append(child)
        return child

    def service(self, name: str) -> Callable[[Stream], None] | None:
        """The service of that name, or None."""
        kind, _, command = name.partition(":")
        options = kind.split(",")  # such as shell,v2,TERM=xterm,raw
        packets = "v2" in options
        if options[0] in {"shell", "exec"} and (not packets or "shell_v2" in self.features):
            return lambda stream: run_shell(self, stream, command, packets=packets)
        if kind == "sync":
            return lambda stream: run_sync(self.faults, stream)
        return None


def _descendants(parent: int) -> list[int]:
    """Processes that a process started, and those that they did."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        children = [int(each) for each in text.split()]
        return children + [other for child in children for other in _descendants(child)]
    return []
