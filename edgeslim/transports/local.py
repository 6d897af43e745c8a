"""The machine edgeslim itself runs on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from edgeslim import process
from edgeslim.device import Location
from edgeslim.errors import BadFileError, UnwritableError
from edgeslim.files import temporary_folder

if TYPE_CHECKING:
    from edgeslim.transports._transport import Transport

__all__ = ["TRANSPORT", "LocalTransport"]


class LocalTransport:
    """Runs programs as children of this process; sending a file is copying it.

    A link would be quicker, but a program could then change the file that was sent.
    """

    def __init__(self, location: Location) -> None:
        del location  # there is one machine of this kind

    @property
    def place(self) -> str:
        return "this machine"

    @property
    def base(self) -> PurePosixPath:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return PurePosixPath(state, "edgeslim")

    def connect(self) -> None:
        """Does nothing: this machine is always connected."""

    def close(self) -> None:
        """Does nothing: no link is open."""

    def keep(self, source: Path) -> PurePosixPath:
        return PurePosixPath(source.resolve())

    @contextmanager
    def folder(self) -> Iterator[PurePosixPath]:
        with temporary_folder() as folder:
            yield PurePosixPath(folder)

    def push(
        self,
        source: Path,
        target: PurePosixPath,
        *,
        checked: bool = True,  # noqa: ARG002 - a copy on this machine is what it is
    ) -> None:
        _copy(source, Path(target))

    def pull(self, source: PurePosixPath, target: Path) -> None:
        _copy(Path(source), target)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        quiet_s: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> process.CompletedProgram:
        return process.run(
            argv, timeout_s=timeout_s, quiet_s=quiet_s, environment=environment, on_line=on_line
        )


def _copy(source: Path, target: Path) -> None:
    if not (source.is_file() and os.access(source, os.R_OK)):
        raise BadFileError(f"there is no file {source} that can be read")
    try:
        shutil.copy(source, target)
    except OSError as error:
        raise UnwritableError(f"cannot write {target}: {error.strerror or error}") from error


TRANSPORT = LocalTransport

if TYPE_CHECKING:
    _: Transport = LocalTransport(Location())
