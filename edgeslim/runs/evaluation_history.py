"""The evaluations of a run: a file with a line for each one, to which lines are only added."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeslim.row_files import RowFormat
from edgeslim.runs.deployment_records import DeviceRecord, VersionsRecord
from edgeslim.runs.device_accuracy import DeviceAccuracy

__all__ = ["EVALUATIONS", "EvaluationRecord", "append_evaluation", "read_evaluations"]

EVALUATIONS = "evaluations.jsonl"
"""Name of the file in a run's folder."""

SCHEMA = 1


class EvaluationRecord(
    msgspec.Struct, frozen=True, kw_only=True, tag="evaluation", tag_field="row"
):
    """How right a model was on a device, when, and by which programs.

    Args:
        id: A name that no other evaluation has.
        created: When it was finished, UTC.
        command: The command that repeats it, word by word; empty if it was run from Python.
        model_path: The run or model that was evaluated, as on a command line.
        device: The device that it ran on.
        versions: Versions of all programs.
        accuracy: Metrics of the device and of Paddle, and where they disagree.
    """

    id: str
    created: str
    command: tuple[str, ...]
    model_path: str
    device: DeviceRecord
    versions: VersionsRecord
    accuracy: DeviceAccuracy
    schema: int = SCHEMA


_ENCODER = msgspec.json.Encoder()
_ROWS: RowFormat[EvaluationRecord] = RowFormat(
    decoder=msgspec.json.Decoder(EvaluationRecord),
    newest=SCHEMA,
    denial="not a list of evaluations",
)


def append_evaluation(path: Path, record: EvaluationRecord) -> None:
    """Adds an evaluation to a file, whole and on the disk before this returns.

    Raises:
        BadFileError: The file is something else, which is left as it is.
        UnwritableError: Read-only folder, full disk; then nothing is added.
    """
    _ROWS.append(path, _ENCODER.encode(record))


def read_evaluations(path: Path) -> tuple[EvaluationRecord, ...]:
    """All evaluations of a file, the oldest first; an incomplete last line is left out.

    Raises:
        BadFileError: It is of another kind, or a newer edgeslim wrote it.
    """
    return _ROWS.read_records(path)
