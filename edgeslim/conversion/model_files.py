"""The two files of a saved model: copied, and folders proved fit to take them."""

from __future__ import annotations

from pathlib import Path

from edgeslim.errors import UsageError
from edgeslim.files import write_together

__all__ = ["check_model_folder", "copy_model"]

_ENDINGS = (".pdmodel", ".pdiparams")


def copy_model(source: Path, target: Path) -> None:
    """Copies both files of a model, whole or not at all.

    Args:
        source: Their path without an ending.
        target: Likewise.

    Raises:
        UnwritableError: Read-only folder, full disk.
    """
    write_together(
        {Path(f"{target}{each}"): Path(f"{source}{each}").read_bytes() for each in _ENDINGS}
    )


def check_model_folder(out: Path, *, own: str | None = None) -> None:
    """Proves that a folder holds no model but one's own.

    Args:
        out: The folder, which need not be there.
        own: Name of a file beside the model that shows it to be one's own.

    Raises:
        UsageError: It does, or is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; give a folder for the model")
    models = [*out.glob("*.pdmodel"), *out.glob("__model__")]
    if models and not (own and (out / own).exists()):
        raise UsageError(f"{out} holds {models[0].name} already; give another folder")
