"""Making the companion environment: whole or not at all, by one process at a time.

It is made beside its place and then renamed, so that whoever finds it finds all of it. What pip
puts into it is checked by checksum; from where pip takes it is the user's own setting.
"""

from __future__ import annotations

import fcntl
import logging
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeslim import process
from edgeslim.companion.find import (
    MAKE,
    REQUIREMENTS,
    VARIABLE,
    companion_folder,
    find_base_python,
    find_lite_python,
    find_uv,
)
from edgeslim.companion.versions import describe_lite_python
from edgeslim.errors import (
    ProgramError,
    ProgramFailedError,
    ProgramNotFoundError,
    UnwritableError,
)
from edgeslim.files import new_folder, replace_folder, shorten_home, temporary_folder

__all__ = ["lite_python", "make_companion", "missing_mend"]

_DOWNLOAD_MB = 66
_SIZE_MB = 270
_NEEDED_MB = _SIZE_MB + _DOWNLOAD_MB
_MAKING_S = 300.0
_DOWNLOADING_S = 3600.0
_FULL = ("No space left on device", "Disk quota exceeded")
_ELSEWHERE = (
    "name another folder with XDG_CACHE_HOME, or a Python that has Paddle-Lite with " + VARIABLE
)

_log = logging.getLogger(__name__)


def lite_python() -> Path:
    """The Python for Paddle-Lite's child processes; the companion is made if there is none yet.

    Raises:
        UsageError: The user's own is no program.
        ProgramNotFoundError: There is no Python to make a companion with.
        ProgramError: The companion cannot be made, such as without a network.
        UnwritableError: Its folder or disk takes no more.
    """
    return find_lite_python() or make_companion()


def make_companion(*, again: bool = False) -> Path:
    """Makes the companion environment, unless it is there; returns its Python.

    What is downloaded is announced before, as a warning in the log.

    Args:
        again: Whether it is made anew if it is there.

    Raises:
        ProgramNotFoundError: There is no Python to make it with.
        ProgramError: It cannot be made, such as without a network.
        UnwritableError: Its folder or disk takes no more.
    """
    folder = companion_folder()
    made = folder / "bin" / "python"
    if not again and made.exists():
        return made
    _check_machine()
    try:
        new_folder(folder.parent)
    except UnwritableError as error:
        raise UnwritableError(f"{error}; {_ELSEWHERE}") from error
    with _lock(folder.parent):
        # Another process may have made it meanwhile.
        if again or not made.exists():
            _check_room(folder.parent)
            base = find_base_python() or _download_python()
            _log.warning(
                "making an environment for Paddle-Lite in %s with %s, once for all projects: "
                "%d MB are downloaded and %d MB are kept",
                *(shorten_home(folder), shorten_home(base), _DOWNLOAD_MB, _SIZE_MB),
            )
            with temporary_folder(near=folder.parent) as beside:
                _fill(base, beside / "new")
                replace_folder(beside / "new", folder)
    return made


def missing_mend() -> str:
    """What makes a companion that is not there, as a clause for people."""
    if find_base_python() or find_uv():
        return f"{MAKE} (once for all projects; it downloads {_DOWNLOAD_MB} MB)"
    return f"install Python 3.10 or uv (pip install uv), then {MAKE}"


def _check_machine() -> None:
    """Refuses machines that Paddle-Lite's wheel is not for."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise ProgramNotFoundError(
            f"Paddle-Lite's wheel is for Linux on x86-64, and this is {platform.system()} on "
            f"{platform.machine()}; name a Python that has Paddle-Lite with {VARIABLE}"
        )


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Waits until no other process makes a companion here, and removes what killed ones left."""
    with (folder / ".lock").open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _log.warning(
                "waiting for another process that makes the environment for Paddle-Lite in %s",
                shorten_home(folder),
            )
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError:
            # Some network file systems have no locks: both make one, and the last one stays.
            yield
            return
        for left in folder.glob(".edgeslim.*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _check_room(folder: Path) -> None:
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < _NEEDED_MB:
        raise UnwritableError(
            f"the environment for Paddle-Lite needs {_NEEDED_MB} MB in {folder}, where "
            f"{free_mb} MB are free; make room, {_ELSEWHERE}"
        )


def _download_python() -> Path:
    """Lets uv download a Python 3.10.

    Raises:
        ProgramNotFoundError: There is no uv either.
        ProgramError: It cannot be downloaded.
    """
    uv = find_uv()
    if uv is None:
        raise ProgramNotFoundError(
            "Paddle-Lite needs a Python 3.10 of its own, and there is none (neither python3.10 "
            "with its venv on the path, nor a version of pyenv, nor uv); install uv (pip install "
            f"uv) or Python 3.10, or name a Python that has Paddle-Lite with {VARIABLE}"
        )
    _log.warning("uv downloads a Python 3.10 for Paddle-Lite, about 30 MB, once for all projects")
    completed = process.run([str(uv), "python", "install", "3.10"], timeout_s=_DOWNLOADING_S)
    base = find_base_python() if completed.status == 0 else None
    if base is None:
        raise process.status_error(
            "uv installs no Python 3.10",
            completed,
            mend=f"check the network, or install Python 3.10; then {MAKE}",
        )
    return base


def _fill(base: Path, folder: Path) -> None:
    """Makes an environment and installs what is pinned, and checks that it can be loaded.

    Args:
        base: Path of a Python 3.10 that has ``venv``.
        folder: Folder that the environment becomes.
    """
    python = folder / "bin" / "python"
    # Isolated, since a PYTHONPATH of this Python's packages would be read by the other one.
    _run([str(base), "-I", "-m", "venv", str(folder)], _MAKING_S)
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-deps")
    checked = ("--require-hashes", "--only-binary=:all:", "--requirement", str(REQUIREMENTS))
    _run([str(python), "-I", "-m", "pip", "install", *options, *checked], _DOWNLOADING_S)
    found = describe_lite_python(python)
    if not found.is_right:
        raise ProgramFailedError(f"the environment for Paddle-Lite has {found.text}; {MAKE}")
    _run([str(python), "-I", "-c", "import paddlelite.lite"], _MAKING_S)
    for script in (folder / "bin").iterdir():
        if not script.name.startswith("python"):
            script.unlink()  # it names the folder in which it was made


def _run(command: list[str], timeout_s: float) -> None:
    """Runs a step of the making.

    Raises:
        UnwritableError: The disk is full.
        ProgramError: It fails otherwise.
    """
    completed = process.run(command, timeout_s=timeout_s)
    if completed.status == 0:
        return
    printed = (completed.output + completed.errors).decode(errors="replace")
    if any(full in printed for full in _FULL):
        raise UnwritableError(
            "the disk is full: the environment for Paddle-Lite cannot be made; make room for "
            f"{_NEEDED_MB} MB (and for {_DOWNLOAD_MB} MB in TMPDIR), {_ELSEWHERE}"
        )
    raise _install_error(completed)


def _install_error(completed: process.CompletedProgram) -> ProgramError:
    printed = completed.errors.decode(errors="replace")
    mend = f"check the network and pip's index (pip config list), then {MAKE}"
    if "DO NOT MATCH THE HASHES" in printed:
        mend = f"what was downloaded is damaged, or not what it should be; {MAKE}"
    return process.status_error(
        "the environment for Paddle-Lite cannot be made", completed, mend=mend
    )
