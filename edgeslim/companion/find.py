"""Which Python runs Paddle-Lite's child processes; nothing is made here."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

from edgeslim import process
from edgeslim.companion.versions import LITE_VERSION
from edgeslim.errors import ProgramError, UsageError

__all__ = [
    "MAKE",
    "REQUIREMENTS",
    "VARIABLE",
    "companion_folder",
    "find_base_python",
    "find_lite_python",
    "find_uv",
]

VARIABLE = "EDGESLIM_LITE_PYTHON"
"""Variable of the environment with a Python of one's own that has Paddle-Lite."""

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
"""What the companion environment holds, pinned with checksums."""

MAKE = "edgeslim lite install"

_NEWEST = (3, 10)
"""The last Python that Paddle-Lite's wheel is for."""

_ASKING_S = 30.0
_CAN_MAKE = "import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, 10))"


def find_lite_python() -> Path | None:
    """Finds the Python for Paddle-Lite: one's own, this one, or the companion; None if not made.

    Raises:
        UsageError: `VARIABLE` names no program.
    """
    own = os.environ.get(VARIABLE)
    if own:
        found = shutil.which(Path(own).expanduser())
        if found is None:
            raise UsageError(
                f"{VARIABLE} is {own}, which is no program; name a Python that has "
                f"paddlelite=={LITE_VERSION} and numpy<2, or unset it"
            )
        return Path(found)
    if _has_it_itself():
        return Path(sys.executable)
    made = companion_folder() / "bin" / "python"
    # The file is a link to the Python that it was made with, which may be gone.
    return made if os.access(made, os.X_OK) else None


def companion_folder() -> Path:
    """The folder of the companion environment, whether or not it is there.

    Its name tells what is in it, so that versions of edgeslim with other pins each find theirs.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:8]
    return Path(cache, "edgeslim", "lite", f"{LITE_VERSION}-{pins}")


def _has_it_itself() -> bool:
    """Whether this Python has Paddle-Lite and the NumPy that it needs."""
    if sys.version_info[:2] > _NEWEST:
        return False
    try:
        return (
            metadata.version("paddlelite") == LITE_VERSION
            and metadata.version("numpy").partition(".")[0] == "1"
        )
    except metadata.PackageNotFoundError:
        return False


def find_base_python() -> Path | None:
    """Finds a Python 3.10 that can make environments: on the path, of pyenv, or of uv.

    Nothing is downloaded.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [
        Path(sys.base_prefix, "bin", "python3.10"),
        *(Path(folder, "python3.10") for folder in os.get_exec_path()),
        *sorted(pyenv.glob("versions/3.10.*/bin/python"), reverse=True),
    ]
    for candidate in candidates:
        if _can_make(candidate):
            return candidate
    uv = find_uv()
    return None if uv is None else _python_of_uv(uv)


def find_uv() -> Path | None:
    """Finds the program uv, on the path or beside this Python."""
    found = shutil.which("uv") or shutil.which(Path(sys.executable).with_name("uv"))
    return None if found is None else Path(found)


def _python_of_uv(uv: Path) -> Path | None:
    try:
        completed = process.run(
            [str(uv), "python", "find", "--no-project", "--no-python-downloads", "3.10"],
            timeout_s=_ASKING_S,
        )
    except ProgramError:
        return None
    found = Path(completed.output.decode(errors="replace").strip())
    return found if completed.status == 0 and _can_make(found) else None


def _can_make(python: Path) -> bool:
    """Whether a program is a Python 3.10 with what makes environments; Debian's may lack it."""
    if not os.access(python, os.X_OK):
        return False
    try:
        return process.run([str(python), "-I", "-c", _CAN_MAKE], timeout_s=_ASKING_S).status == 0
    except ProgramError:
        return False
