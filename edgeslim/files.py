"""Files that are never half-written: atomic replacement, locked appends, typed reading."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from edgeslim.errors import BadFileError, UnwritableError

__all__ = [
    "AppendOnlyFile",
    "new_folder",
    "read_json",
    "read_toml",
    "replace_folder",
    "temporary_folder",
    "write_bytes",
    "write_json",
]

Value = TypeVar("Value")


@contextmanager
def _explained(path: Path, doing: str) -> Iterator[None]:
    """Turns the operating system's refusals into one clear line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnwritableError(f"cannot {doing} {path}: {reason}") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        UnwritableError: Read-only folder, full disk.
    """
    with _explained(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise


def write_json(path: Path, value: object) -> None:
    """Writes one indented JSON document, whole or not at all."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read_json(path: Path, shape: type[Value]) -> Value:
    """One typed JSON document.

    Raises:
        BadFileError: Missing, unreadable or of another shape; the message has the place.
    """
    return _decode(path, lambda content: msgspec.json.decode(content, type=shape))


def read_toml(path: Path, shape: type[Value]) -> Value:
    """One typed TOML document; raises as `read_json`."""
    return _decode(path, lambda content: msgspec.toml.decode(content, type=shape))


def _decode(path: Path, decode: Any) -> Any:  # noqa: ANN401 - the callers give it its type
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFileError(f"{path}: {error}") from error


def new_folder(path: Path) -> Path:
    """Creates a folder (and its parents) if need be and proves that it takes files."""
    with _explained(path, "write into"):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".probe.", dir=path):
            pass
    return path


def replace_folder(source: Path, target: Path) -> None:
    """Moves a finished folder to its final name; an older one there gives way."""
    with _explained(target, "write"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
            target.rename(old / target.name)
            shutil.move(source, target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            shutil.move(source, target)


@contextmanager
def temporary_folder(*, near: Path | None = None) -> Iterator[Path]:
    """A folder that is gone afterwards, beside ``near`` where a rename must be atomic."""
    with _explained(near or Path(tempfile.gettempdir()), "write into"):
        if near is not None:
            near.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".edgeslim.", dir=near)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class AppendOnlyFile:
    """Lines that are only ever added, each whole, by any number of processes at once.

    A writer holds an exclusive lock while it adds lines. A last line that a killed
    writer left incomplete is cut off before the next line is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, first_line: bytes) -> bool:
        """Writes the first line if the file is new or empty; says whether it was."""
        with self._locked() as stream:
            if stream.seek(0, os.SEEK_END) > 0:
                return False
            self._add(stream, [first_line])
            return True

    def append(self, *lines: bytes) -> None:
        """Adds lines and flushes them to the disk."""
        with self._locked() as stream:
            _cut_incomplete_line(stream)
            self._add(stream, lines)

    def lines(self) -> tuple[list[bytes], bool]:
        """All complete lines, and whether an incomplete one was left off at the end."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise BadFileError(f"cannot read {self.path}: {error.strerror or error}") from error
        *complete, rest = content.split(b"\n")
        return complete, bool(rest.strip())

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        with _explained(self.path, "write"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield stream

    def _add(self, stream: IO[bytes], lines: tuple[bytes, ...] | list[bytes]) -> None:
        start = stream.seek(0, os.SEEK_END)
        try:
            stream.write(b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
            stream.flush()
            os.fsync(stream.fileno())
        except OSError:
            with suppress(OSError):
                stream.truncate(start)
            raise


def _cut_incomplete_line(stream: IO[bytes]) -> None:
    end = stream.seek(0, os.SEEK_END)
    position = end
    while position > 0:
        step = min(4096, position)
        stream.seek(position - step)
        chunk = stream.read(step)
        newline = chunk.rfind(b"\n")
        if newline >= 0:
            if position - step + newline + 1 < end:
                stream.truncate(position - step + newline + 1)
            return
        position -= step
    stream.truncate(0)
