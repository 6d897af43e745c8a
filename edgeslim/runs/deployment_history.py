"""The history of a run: a file with a line for each deployment, to which lines are only added."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.opspec import decode_hook, encode_hook
from edgeslim.row_files import RowFormat
from edgeslim.runs.deployment_records import SCHEMA, DeploymentRecord

__all__ = ["HISTORY", "append_record", "history_of", "read_history"]

HISTORY = "deployments.jsonl"
"""Name of the file in a run's folder."""

_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)

_ROWS: RowFormat[DeploymentRecord] = RowFormat(
    decoder=msgspec.json.Decoder(DeploymentRecord, dec_hook=decode_hook),
    newest=SCHEMA,
    denial="not a history of deployments",
)


def history_of(path: Path) -> Path:
    """Path of a run's history: the file in its folder, or the file that was given itself."""
    return path / HISTORY if path.is_dir() else path


def append_record(path: Path, record: DeploymentRecord) -> None:
    """Adds a deployment to a history, whole and on the disk before this returns.

    A last line that a killed writer left incomplete is cut off first.

    Raises:
        BadFileError: The file is something else, which is left as it is.
        UnwritableError: Read-only folder, full disk; then nothing is added.
    """
    _ROWS.append(path, _ENCODER.encode(record))


def read_history(path: Path) -> tuple[DeploymentRecord, ...]:
    """All deployments of a history, the oldest first; an incomplete last line is left out.

    Args:
        path: The file, or the folder of a run that has one.

    Raises:
        BadFileError: There is no such file, it is of another kind, or a newer edgeslim wrote it;
            the message has file, line and place.
    """
    file = history_of(path)
    if not file.exists():
        raise BadFileError(
            f"{path} has no deployments yet ({file} is not there); edgeslim deploy writes them"
        )
    return _ROWS.read_records(file)
