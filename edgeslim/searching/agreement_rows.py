"""What is known of how far estimates agree with trainings: JSON Lines, added row by row.

The first line says of what; each further one is a network trained, or scored by one judge. A
killed run leaves a file that the same command goes on with, and further judges are added to.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import AppendOnlyFile
from edgeslim.opspec import Shape
from edgeslim.row_files import RowFormat
from edgeslim.spaces import Tokens

__all__ = ["AgreementContext", "AgreementFile", "ScoredRow", "TrainedRow"]

_SCHEMA = 1


class AgreementContext(msgspec.Struct, frozen=True, kw_only=True, tag="agreement", tag_field="row"):
    """What the networks are, and how they were trained.

    Args:
        space: Name of the space.
        ranges: Its tokens' ranges.
        input_shape: Input of its networks.
        num_classes: Width of their output.
        task: What they were trained for, as it was asked for.
        epochs: How long.
        seed: Of everything random.
        limits: What they had to meet, in words; empty for nothing.
        networks: Their tokens.
        schema: Of the file.
    """

    space: str
    ranges: Tokens
    input_shape: Shape
    num_classes: int
    task: str
    epochs: int
    seed: int
    limits: str
    networks: tuple[Tokens, ...]
    schema: int = _SCHEMA


class TrainedRow(msgspec.Struct, frozen=True, kw_only=True, tag="trained", tag_field="row"):
    """The truth of one network; ``note`` says what went wrong, and it counts as never right."""

    tokens: Tokens
    accuracy: float
    seconds: float
    note: str = ""


class ScoredRow(msgspec.Struct, frozen=True, kw_only=True, tag="scored", tag_field="row"):
    """What a judge says of one network."""

    judge: str
    tokens: Tokens
    score: float
    seconds: float


_Row = AgreementContext | TrainedRow | ScoredRow
_ROWS: RowFormat[_Row] = RowFormat(
    decoder=msgspec.json.Decoder(_Row), newest=_SCHEMA, denial="no file of agreement"
)


class AgreementFile:
    """A file on disk, read once and added to; of rows for the same thing the last counts.

    Args:
        path: The file.
        context: Its first line.
    """

    def __init__(self, path: Path, context: AgreementContext) -> None:
        self.path = path
        self.context = context
        self.trained: dict[Tokens, TrainedRow] = {}
        self.scored: dict[tuple[str, Tokens], ScoredRow] = {}

    @staticmethod
    def open(path: Path, context: AgreementContext) -> AgreementFile:
        """The file at a path, or a new one; the networks of one that is there stay.

        Raises:
            BadFileError: Another kind of file; the message has the line.
            UsageError: It is of other networks; names what differs.
        """
        if AppendOnlyFile(path).create(msgspec.json.encode(context)):
            return AgreementFile(path, context)
        (first, *rows), _ = _ROWS.read(path)
        if not isinstance(first, AgreementContext):
            raise BadFileError(f"{path}:1: a file of agreement starts with what it is of")
        file = AgreementFile(path, first)
        file._check_same(context)
        for number, row in enumerate(rows, 2):
            if isinstance(row, AgreementContext):
                raise BadFileError(f"{path}:{number}: a second first line; a file has one")
            file._know(row)
        return file

    def add(self, *rows: TrainedRow | ScoredRow) -> None:
        """Writes rows down before anything else is done with them."""
        AppendOnlyFile(self.path).append(*map(msgspec.json.encode, rows))
        for row in rows:
            self._know(row)

    def _know(self, row: TrainedRow | ScoredRow) -> None:
        if isinstance(row, TrainedRow):
            self.trained[row.tokens] = row
        else:
            self.scored[row.judge, row.tokens] = row

    def _check_same(self, context: AgreementContext) -> None:
        mine = {"networks": len(context.networks)}
        theirs = {"networks": len(self.context.networks)}
        for name in context.__struct_fields__:
            if name not in {"networks", "schema"}:
                mine[name], theirs[name] = getattr(context, name), getattr(self.context, name)
        for name, value in mine.items():
            if theirs[name] != value:
                raise UsageError(
                    f"{self.path} is of networks with {name.replace('_', ' ')} "
                    f"{theirs[name] or 'none'}, not {value or 'none'}; give the same to go on "
                    "with it, or another file"
                )
