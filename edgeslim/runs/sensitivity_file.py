"""Files of sensitivities: JSON Lines, to which points are added one by one.

The first line is the context, each further one a point. The same command continues a file that a
killed run left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, ContextMismatchError
from edgeslim.files import AppendOnlyFile, read_bytes
from edgeslim.restricted_pickle import is_pickle
from edgeslim.row_files import RowFormat
from edgeslim.runs.sensitivity_rows import (
    SCHEMA,
    SensitivityContext,
    SensitivityPoint,
    SensitivityRow,
)

__all__ = ["Sensitivities", "SensitivityFile"]

_ROWS: RowFormat[SensitivityRow] = RowFormat(
    decoder=msgspec.json.Decoder(SensitivityRow),
    newest=SCHEMA,
    denial="no file of sensitivities",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensitivities:
    """Sensitivities of a model's channel groups.

    Args:
        context: Model, task and settings that they were measured with.
        points: Points of each group, by rising ratio.
    """

    context: SensitivityContext
    points: Mapping[str, tuple[SensitivityPoint, ...]]

    @staticmethod
    def of(context: SensitivityContext, points: Iterable[SensitivityPoint]) -> Sensitivities:
        """Sorts points; of several points of a group at one ratio, the last counts."""
        found: dict[str, dict[float, SensitivityPoint]] = {}
        for point in points:
            found.setdefault(point.group, {})[point.ratio] = point
        return Sensitivities(
            context=context,
            points={
                group: tuple(points[ratio] for ratio in sorted(points))
                for group, points in found.items()
            },
        )


class SensitivityFile:
    """A file of sensitivities, read once and added to.

    Args:
        path: Path of the file.
        context: The first line of the file.
        points: The other lines of the file.
    """

    def __init__(
        self, path: Path, context: SensitivityContext, points: Sequence[SensitivityPoint] = ()
    ) -> None:
        self.path = path
        self.context = context
        self._points = list(points)

    @staticmethod
    def read(path: Path) -> SensitivityFile:
        """Reads a file.

        Raises:
            BadFileError: It is no file of sensitivities (the message names pickles), or a newer
                edgeslim wrote it; the message has the line.
        """
        if path.is_file() and is_pickle(read_bytes(path)[:2]):
            raise BadFileError(
                f"{path} is a pickle as of PaddleSlim, which edgeslim prune --sensitivities reads; "
                "what is measured here goes into another file"
            )
        (context, *points), _ = _ROWS.read(path)
        if not isinstance(context, SensitivityContext):
            raise BadFileError(f"{path}:1: a file of sensitivities starts with its context")
        found = []
        for number, point in enumerate(points, 2):
            if isinstance(point, SensitivityContext):
                raise BadFileError(f"{path}:{number}: a second context; a file has one")
            found.append(point)
        return SensitivityFile(path, context, found)

    @staticmethod
    def find(path: Path) -> SensitivityFile | None:
        """Reads the file at a path; None if there is none, or not one complete line in it.

        Raises:
            BadFileError: As `read`.
        """
        if not path.exists() or not AppendOnlyFile(path).lines()[0]:
            return None
        return SensitivityFile.read(path)

    @staticmethod
    def begin(path: Path, context: SensitivityContext) -> SensitivityFile:
        """Makes a new file, or reads the one that another run of the same context just began."""
        if AppendOnlyFile(path).create(_encode(context)):
            return SensitivityFile(path, context)
        file = SensitivityFile.read(path)
        file.check_same(context)
        return file

    def check_same(self, context: SensitivityContext) -> None:
        """Checks that the file has the same context.

        Raises:
            ContextMismatchError: It has another; the message names what differs.
        """
        difference = self.context.difference(context)
        if difference:
            raise ContextMismatchError(
                f"{self.path} is of {difference}; give the same to go on with it, or another --out"
            )

    def check_model(self, fingerprint: str) -> None:
        """Checks that the file belongs to a model.

        Args:
            fingerprint: Fingerprint of the model's parameters.

        Raises:
            ContextMismatchError: It belongs to another model.
        """
        if self.context.model != fingerprint:
            raise ContextMismatchError(
                f"{self.path} is of another model: its parameters were {self.context.model}, not "
                f"{fingerprint}; measure this one with edgeslim sensitivity"
            )

    def check_metric(self, metric: str) -> None:
        """Checks that the file has losses of a metric, if one is named.

        Raises:
            ContextMismatchError: It has losses of another metric.
        """
        if metric and self.context.metric != metric:
            raise ContextMismatchError(
                f"{self.path} has losses of {self.context.metric}, not of {metric}; give another "
                "file, or the metric that it has"
            )

    def add(self, point: SensitivityPoint) -> None:
        """Adds a point, which is on disk before this returns.

        Raises:
            UnwritableError: Read-only folder, full disk.
        """
        file = AppendOnlyFile(self.path)
        file.create(_encode(self.context))  # if someone removed it meanwhile
        file.append(_encode(point))
        self._points.append(point)

    def metric(self, group: str, ratio: float, width: int) -> float | None:
        """The metric that was measured for a group at a width; None if there is none.

        With few channels, several ratios may come to the same width.
        """
        for point in self._points:
            if point.group == group and (point.ratio == ratio or point.width == width):
                return point.metric
        return None

    def __contains__(self, key: tuple[str, float]) -> bool:
        return any((point.group, point.ratio) == key for point in self._points)

    @property
    def sensitivities(self) -> Sensitivities:
        """All sensitivities in the file."""
        return Sensitivities.of(self.context, self._points)


def _encode(row: SensitivityRow) -> bytes:
    return msgspec.json.encode(row)
