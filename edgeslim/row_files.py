"""Files of rows: JSON Lines that are only appended to, and most of which begin with a context."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.files import AppendOnlyFile

__all__ = ["RowFormat"]

_log = logging.getLogger(__name__)

Row = TypeVar("Row")


class _AnySchema(msgspec.Struct):
    """The fields of a first line that every schema has."""

    row: str
    schema: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RowFormat(Generic[Row]):
    """The format of the lines of a kind of file.

    Args:
        decoder: Decoder of any of its rows.
        newest: The newest schema that can be read.
        denial: Text for a file of another kind: ``not a latency table``.
    """

    decoder: msgspec.json.Decoder[Row]
    newest: int
    denial: str

    def read(self, path: Path) -> tuple[list[Row], bool]:
        """All whole rows of a file, and whether one at the end was cut off.

        Raises:
            BadFileError: Another kind, or newer; the message has file, line and place.
        """
        lines, truncated = AppendOnlyFile(path).lines()
        if not lines:
            state = "has no complete line" if truncated else "is empty"
            raise BadFileError(f"{path} is {self.denial}: it {state}")
        if truncated:
            # A copy of the file, as a search makes one, is cut off at the same place.
            about = ("truncated", len(lines), hash(lines[-1]))
            _log.warning(
                "the last line of %s is cut off; it is left out, and the %d before it are used",
                *(path, len(lines)),
                extra={"about": about},
            )
        self.check_schema(path, lines[0])
        return [self.decode(path, number, line) for number, line in enumerate(lines, 1)], truncated

    def append(self, path: Path, line: bytes) -> None:
        """Adds an encoded row to a file, whole and on the disk before this returns.

        A last line that a killed writer left incomplete is cut off first.

        Raises:
            BadFileError: The file is something else, which is left as it is.
            UnwritableError: Read-only folder, full disk; then nothing is added.
        """
        file = AppendOnlyFile(path)
        lines = file.lines()[0] if path.exists() else []
        if lines:
            self.check_schema(path, lines[0])
            self.decode(path, 1, lines[0])
        file.append(line)

    def read_records(self, path: Path) -> tuple[Row, ...]:
        """All whole rows of a file in which each row has a schema, the oldest first.

        Raises:
            BadFileError: Another kind, or newer; the message has file, line and place.
        """
        lines, _ = AppendOnlyFile(path).lines()
        for number, line in enumerate(lines, 1):
            self.check_schema(path, line, number)
        return tuple(self.read(path)[0])

    def check_schema(self, path: Path, line: bytes, number: int = 1) -> None:
        """Checks that a line, the first by default, is of this kind and can be read.

        Raises:
            BadFileError: It is not, or its schema is newer.
        """
        try:
            first = msgspec.json.decode(line, type=_AnySchema)
        except msgspec.DecodeError as error:
            raise BadFileError(f"{path}:{number}: this is {self.denial}: {error}") from error
        if first.schema > self.newest:
            raise BadFileError(
                f"{path}:{number}: schema {first.schema} is newer than this edgeslim reads "
                f"({self.newest}); install a newer edgeslim"
            )

    def decode(self, path: Path, number: int, line: bytes) -> Row:
        """Decodes the row in a line.

        Raises:
            BadFileError: It is not a row; the message has file, line and place.
        """
        try:
            return self.decoder.decode(line)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadFileError(f"{path}:{number}: {error}") from error
