"""Copying the two files of a saved model, and checking folders for them."""

from __future__ import annotations

from pathlib import Path

from edgeslim.errors import UsageError
from edgeslim.files import write_files

__all__ = ["check_model_folder", "copy_model"]

_ENDINGS = (".pdmodel", ".pdiparams")


def copy_model(source: Path, target: Path) -> None:
    """Copies both files of a model, whole or not at all.

    Args:
        source: Path of the files without their suffixes.
        target: Path of the copies without their suffixes.

    Raises:
        UnwritableError: Read-only folder, full disk.
    """
    write_files(
        {Path(f"{target}{suffix}"): Path(f"{source}{suffix}").read_bytes() for suffix in _ENDINGS}
    )


def check_model_folder(out: Path, *, own: str | None = None) -> None:
    """Checks that a folder holds no model of another origin.

    Args:
        out: The folder, which need not exist.
        own: Name of a file beside a model that shows that it may be replaced.

    Raises:
        UsageError: It holds such a model, or is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; give a folder for the model")
    models = [*out.glob("*.pdmodel"), *out.glob("__model__")]
    if models and not (own and (out / own).exists()):
        raise UsageError(f"{out} holds {models[0].name} already; give another folder")
