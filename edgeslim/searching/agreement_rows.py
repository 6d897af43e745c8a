"""The file of an agreement of estimates with trainings: JSON Lines, written row by row.

The first line describes the networks; each further one is a network trained, or scored by one
judge (an estimator or a proxy). The same command goes on with the file of a killed run, and
further judges can be added to it.
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
    """The networks of the file, and how they were trained.

    Args:
        space: Name of the space.
        ranges: Number of values of each token of the space.
        input_shape: Input shape of the networks.
        num_classes: Number of outputs of the networks.
        task: Name of the task as it was asked for.
        epochs: Epochs for which networks were trained.
        seed: Seed of everything random.
        limits: Limits that networks had to meet, as text; empty for none.
        networks: Tokens of each network.
        schema: Version of the file's schema.
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
    """Accuracy of a network after training; 0 if training failed, for the reason in ``note``."""

    tokens: Tokens
    accuracy: float
    seconds: float
    note: str = ""


class ScoredRow(msgspec.Struct, frozen=True, kw_only=True, tag="scored", tag_field="row"):
    """The score that a judge gave to one network."""

    judge: str
    tokens: Tokens
    score: float
    seconds: float


_Row = AgreementContext | TrainedRow | ScoredRow
_ROWS: RowFormat[_Row] = RowFormat(
    decoder=msgspec.json.Decoder(_Row), newest=_SCHEMA, denial="no file of agreement"
)


class AgreementFile:
    """A file on disk, read once and appended to; of rows with the same key the last counts.

    Args:
        path: Path of the file.
        context: First line of the file.
    """

    def __init__(self, path: Path, context: AgreementContext) -> None:
        self.path = path
        self.context = context
        self.trained: dict[Tokens, TrainedRow] = {}
        self.scored: dict[tuple[str, Tokens], ScoredRow] = {}

    @staticmethod
    def open(path: Path, context: AgreementContext) -> AgreementFile:
        """Opens the file at a path, or creates it; an existing file keeps its networks.

        Raises:
            BadFileError: Another kind of file; the message has the line.
            UsageError: It is of other networks; the message has the difference.
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
            file._index_row(row)
        return file

    def add(self, *rows: TrainedRow | ScoredRow) -> None:
        """Writes rows to the file before anything else is done with them."""
        AppendOnlyFile(self.path).append(*map(msgspec.json.encode, rows))
        for row in rows:
            self._index_row(row)

    def _index_row(self, row: TrainedRow | ScoredRow) -> None:
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
