"""Files that are never half-written: atomic replacement, locked appends, typed reading."""

from __future__ import annotations

import codecs
import fcntl
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from errno import EISDIR
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from edgeslim.errors import BadFileError, UnwritableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "AppendOnlyFile",
    "checksum_of",
    "copy_file",
    "encode_json",
    "new_folder",
    "pack_arrays",
    "read_bytes",
    "read_json",
    "read_toml",
    "replace_folder",
    "shorten_home",
    "temporary_folder",
    "write_bytes",
    "write_files",
    "write_json",
]

Value = TypeVar("Value")

_PART = ".part"
_TELLING_BYTES = 16
"""Bytes of a line that show whether edgeslim wrote it."""


@contextmanager
def _explain_errors(path: Path, doing: str) -> Iterator[None]:
    """Turns errors of the operating system into one clear line."""
    try:
        yield
    except FileExistsError as error:
        file = "it" if error.filename in {None, str(path)} else error.filename
        raise UnwritableError(f"cannot {doing} {path}: {file} is a file") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnwritableError(f"cannot {doing} {path}: {reason}") from error


def copy_file(source: Path, target: Path) -> None:
    """Copies a file, unless both are the same; a partial copy is not removed.

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
    with _explain_errors(target, "write"):
        shutil.copyfile(source, target)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, and removes what killed writers of it left.

    Raises:
        UnwritableError: Read-only folder, full disk.
    """
    with _explain_errors(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_parts(path)
        with _new_part(path) as (descriptor, part):
            _write_all(descriptor, content)
            os.fsync(descriptor)
            part.chmod(0o644)
            part.replace(path)


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Writes files that belong together: all of them, whole, or none.

    Raises:
        UnwritableError: Read-only folder, full disk; the files before are unchanged.
    """
    with ExitStack() as stack:
        parts = {}
        for path, content in contents.items():
            stack.enter_context(_explain_errors(path, "write"))
            if path.is_dir():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_parts(path)
            descriptor, part = stack.enter_context(_new_part(path))
            _write_all(descriptor, content)
            os.fsync(descriptor)
            part.chmod(0o644)
            parts[path] = part
        # Everything that needs space or permissions has been done by now.
        for path, part in parts.items():
            part.replace(path)


@contextmanager
def _new_part(path: Path) -> Iterator[tuple[int, Path]]:
    """A new file beside ``path``, locked while its writer lives and gone if it fails."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
        part = Path(name)
        try:
            with suppress(OSError):  # some network file systems have no locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Before it was locked, another writer may have removed it as left over.
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
    """Removes the parts of dead writers: those that no process has locked."""
    for part in path.parent.iterdir():
        if part.name.startswith(f".{path.name}.") and part.suffix == _PART:
            with suppress(OSError), part.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()


def _write_all(descriptor: int, content: bytes) -> None:
    """Writes every byte, unbuffered."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The content of an ``.npz`` file with arrays by name; it holds nothing that is pickled.

    Args:
        arrays: Arrays by name, of any shapes and of types that are no objects.
    """
    import numpy as np

    stream = io.BytesIO()
    # Types of NumPy 2 take a name for that of its option; those of NumPy 1 know no option.
    np.savez(stream, **dict[str, Any](arrays))
    return stream.getvalue()


def encode_json(value: object) -> bytes:
    """Encodes a value as one indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def write_json(path: Path, value: object) -> None:
    """Writes one indented JSON document, whole or not at all."""
    write_bytes(path, encode_json(value))


def read_bytes(path: Path) -> bytes:
    """Reads a file's content.

    Raises:
        BadFileError: It is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error


def checksum_of(path: Path) -> str:
    """The SHA-256 checksum of a file, in hexadecimal digits.

    Raises:
        BadFileError: The file cannot be read.
    """
    return hashlib.sha256(read_bytes(path)).hexdigest()


def read_json(path: Path, shape: type[Value]) -> Value:
    """Reads a typed JSON document.

    Raises:
        BadFileError: It is missing, unreadable or of another type; the message has the place.
    """
    return _decode(path, lambda content: msgspec.json.decode(content, type=shape))


def read_toml(path: Path, shape: type[Value]) -> Value:
    """Reads a typed TOML document; raises the same errors as `read_json`."""
    return _decode(path, lambda content: msgspec.toml.decode(content, type=shape))


def _decode(path: Path, decode: Callable[[bytes], Value]) -> Value:
    content = read_bytes(path).removeprefix(codecs.BOM_UTF8)  # as editors of Windows write it
    try:
        return decode(content)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadFileError(f"{path}: {error}") from error


def shorten_home(path: Path) -> str:
    """A path with ``~`` for the user's own folder, so that shared files do not have their name."""
    try:
        return str(Path("~", path.relative_to(Path.home())))
    except (ValueError, RuntimeError):  # elsewhere, or there is no such folder
        return str(path)


def new_folder(path: Path) -> Path:
    """Creates a folder and its parents if need be, and checks that files can be written to it."""
    with _explain_errors(path, "write into"):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".probe.", dir=path):
            pass
    return path


def replace_folder(source: Path, target: Path) -> None:
    """Moves a finished folder to its final name, replacing an older one there.

    Raises:
        UnwritableError: It cannot be moved; the folder at ``target`` is unchanged.
    """
    with _explain_errors(target, "write"), temporary_folder(near=target.parent) as beside:
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
    """A folder that is removed afterwards, in ``near`` where a rename must be atomic."""
    with _explain_errors(near or Path(tempfile.gettempdir()), "write into"):
        if near is not None:
            near.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=".edgeslim.", dir=near)
    with ExitStack() as stack:
        for _ in range(2):  # again if a signal interrupts the first
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Path(folder)


class AppendOnlyFile:
    """A file of lines that are only appended, each whole, by any number of processes at once.

    A writer holds an exclusive lock while it adds lines. A last line that a killed
    writer left incomplete is cut off before the next line is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, first_line: bytes) -> bool:
        """Writes the first line if the file has none yet; returns whether it did.

        A first line that a killed writer left incomplete counts as none; any other
        content is left alone.
        """
        with self._open_locked() as stream:
            if _end_of_lines(stream) > 0:
                return False
            stream.seek(0)
            found = stream.read(_TELLING_BYTES)
            if found != first_line[: len(found)]:
                return False
            stream.truncate(0)
            _append_lines(stream, (first_line,))
            return True

    def append(self, *lines: bytes) -> None:
        """Appends lines and flushes them to the disk; if they do not fit, appends none."""
        with self._open_locked() as stream:
            stream.truncate(_end_of_lines(stream))
            _append_lines(stream, lines)

    def lines(self) -> tuple[list[bytes], bool]:
        """All complete lines, and whether an incomplete one was left off at the end."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise BadFileError(f"cannot read {self.path}: {error.strerror or error}") from error
        *complete, rest = content.split(b"\n")
        return complete, bool(rest.strip())

    @contextmanager
    def _open_locked(self) -> Iterator[FileIO]:
        with _explain_errors(self.path, "write"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield stream


def _append_lines(stream: FileIO, lines: tuple[bytes, ...]) -> None:
    start = stream.seek(0, os.SEEK_END)
    try:
        _write_all(stream.fileno(), b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
        os.fsync(stream.fileno())
    except BaseException:
        with suppress(OSError):
            stream.truncate(start)
        raise


def _end_of_lines(stream: FileIO) -> int:
    """Position of the end of the last complete line."""
    position = stream.seek(0, os.SEEK_END)
    while position > 0:
        step = min(4096, position)
        stream.seek(position - step)
        newline = stream.read(step).rfind(b"\n")
        if newline >= 0:
            return position - step + newline + 1
        position -= step
    return 0
