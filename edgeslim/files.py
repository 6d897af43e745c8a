"""Files that are never half-written: atomic replacement, locked appends, typed reading."""

from __future__ import annotations

import codecs
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from errno import EISDIR
from io import FileIO
from pathlib import Path
from typing import TypeVar

import msgspec

from edgeslim.errors import BadFileError, UnwritableError

__all__ = [
    "AppendOnlyFile",
    "copy_file",
    "from_home",
    "new_folder",
    "read_bytes",
    "read_json",
    "read_toml",
    "replace_folder",
    "temporary_folder",
    "write_bytes",
    "write_json",
    "write_together",
]

Value = TypeVar("Value")

_PART = ".part"
_TELLING_BYTES = 16
"""As much of a line as tells whether its writer was one of ours."""


@contextmanager
def _explained(path: Path, doing: str) -> Iterator[None]:
    """Turns the operating system's refusals into one clear line."""
    try:
        yield
    except FileExistsError as error:
        file = "it" if error.filename in {None, str(path)} else error.filename
        raise UnwritableError(f"cannot {doing} {path}: {file} is a file") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnwritableError(f"cannot {doing} {path}: {reason}") from error


def copy_file(source: Path, target: Path) -> None:
    """Copies a file, unless both are one. What is half-copied is left where it is.

    Raises:
        BadFileError: The source cannot be read.
        UnwritableError: Read-only folder, full disk.
    """
    if source.resolve() == target.resolve():
        return
    try:
        with source.open("rb"):
            pass
    except OSError as error:
        raise BadFileError(f"cannot read {source}: {error.strerror or error}") from error
    with _explained(target, "write"):
        shutil.copyfile(source, target)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, and removes what killed writers of it left.

    Raises:
        UnwritableError: Read-only folder, full disk.
    """
    with _explained(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_parts(path)
        with _new_part(path) as (descriptor, part):
            _write_all(descriptor, content)
            os.fsync(descriptor)
            part.chmod(0o644)
            part.replace(path)


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Writes files that belong together: all of them, whole, or none.

    Raises:
        UnwritableError: Read-only folder, full disk; what was there before is there still.
    """
    with ExitStack() as stack:
        parts = {}
        for path, content in contents.items():
            stack.enter_context(_explained(path, "write"))
            if path.is_dir():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_parts(path)
            descriptor, part = stack.enter_context(_new_part(path))
            _write_all(descriptor, content)
            os.fsync(descriptor)
            part.chmod(0o644)
            parts[path] = part
        # All that takes room or a right has been done by now.
        for path, part in parts.items():
            part.replace(path)


@contextmanager
def _new_part(path: Path) -> Iterator[tuple[int, Path]]:
    """A new file beside ``path``, locked while its writer lives and gone if it fails."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
        part = Path(name)
        try:
            with suppress(OSError):  # some network folders know no locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Before the lock, another writer may have taken it for one that was left.
            if os.fstat(descriptor).st_nlink > 0:
                yield descriptor, part
                return
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        finally:
            os.close(descriptor)


def _remove_parts(path: Path) -> None:
    """Removes the parts of writers that are dead: those that nobody has locked."""
    for part in path.parent.iterdir():
        if part.name.startswith(f".{path.name}.") and part.suffix == _PART:
            with suppress(OSError), part.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()


def _write_all(descriptor: int, content: bytes) -> None:
    """Writes every byte, unbuffered: nothing is left to be written when this fails."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_json(path: Path, value: object) -> None:
    """Writes one indented JSON document, whole or not at all."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises:
        BadFileError: Missing or unreadable.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error


def read_json(path: Path, shape: type[Value]) -> Value:
    """One typed JSON document.

    Raises:
        BadFileError: Missing, unreadable or of another shape; the message has the place.
    """
    return _decode(path, lambda content: msgspec.json.decode(content, type=shape))


def read_toml(path: Path, shape: type[Value]) -> Value:
    """One typed TOML document; raises as `read_json`."""
    return _decode(path, lambda content: msgspec.toml.decode(content, type=shape))


def _decode(path: Path, decode: Callable[[bytes], Value]) -> Value:
    content = read_bytes(path).removeprefix(codecs.BOM_UTF8)  # as editors of Windows write it
    try:
        return decode(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFileError(f"{path}: {error}") from error


def from_home(path: Path) -> str:
    """A path for files that are passed on: the user's own folder, and so their name, is ``~``."""
    try:
        return str(Path("~", path.relative_to(Path.home())))
    except (ValueError, RuntimeError):  # elsewhere, or there is no such folder
        return str(path)


def new_folder(path: Path) -> Path:
    """Creates a folder (and its parents) if need be and proves that it takes files."""
    with _explained(path, "write into"):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".probe.", dir=path):
            pass
    return path


def replace_folder(source: Path, target: Path) -> None:
    """Moves a finished folder to its final name; an older one there gives way.

    Raises:
        UnwritableError: It cannot; what was at ``target`` is there still.
    """
    with _explained(target, "write"), temporary_folder(near=target.parent) as beside:
        new, old = beside / "new", beside / "old"
        shutil.move(source, new)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise


@contextmanager
def temporary_folder(*, near: Path | None = None) -> Iterator[Path]:
    """A folder that is gone afterwards, in ``near`` where a rename must be atomic."""
    with _explained(near or Path(tempfile.gettempdir()), "write into"):
        if near is not None:
            near.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".edgeslim.", dir=near)
    with ExitStack() as stack:
        for _ in range(2):  # again if a signal comes in the middle of the first
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Path(folder)


class AppendOnlyFile:
    """Lines that are only ever added, each whole, by any number of processes at once.

    A writer holds an exclusive lock while it adds lines. A last line that a killed
    writer left incomplete is cut off before the next line is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, first_line: bytes) -> bool:
        """Writes the first line if the file has none yet; says whether it did.

        A first line that a killed writer left incomplete counts as none; any other
        content is left alone.
        """
        with self._locked() as stream:
            if _end_of_lines(stream) > 0:
                return False
            stream.seek(0)
            found = stream.read(_TELLING_BYTES)
            if found != first_line[: len(found)]:
                return False
            stream.truncate(0)
            _add(stream, (first_line,))
            return True

    def append(self, *lines: bytes) -> None:
        """Adds lines and flushes them to the disk; if they do not fit, adds none."""
        with self._locked() as stream:
            stream.truncate(_end_of_lines(stream))
            _add(stream, lines)

    def lines(self) -> tuple[list[bytes], bool]:
        """All complete lines, and whether an incomplete one was left off at the end."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise BadFileError(f"cannot read {self.path}: {error.strerror or error}") from error
        *complete, rest = content.split(b"\n")
        return complete, bool(rest.strip())

    @contextmanager
    def _locked(self) -> Iterator[FileIO]:
        with _explained(self.path, "write"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield stream


def _add(stream: FileIO, lines: tuple[bytes, ...]) -> None:
    start = stream.seek(0, os.SEEK_END)
    try:
        _write_all(stream.fileno(), b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
        os.fsync(stream.fileno())
    except BaseException:
        with suppress(OSError):
            stream.truncate(start)
        raise


def _end_of_lines(stream: FileIO) -> int:
    """Where the last complete line ends."""
    position = stream.seek(0, os.SEEK_END)
    while position > 0:
        step = min(4096, position)
        stream.seek(position - step)
        newline = stream.read(step).rfind(b"\n")
        if newline >= 0:
            return position - step + newline + 1
        position -= step
    return 0
