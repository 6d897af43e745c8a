"""The machine edgeslim itself runs on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from edgeslim import process
from edgeslim.errors import BadFileError, UnwritableError
from edgeslim.files import temporary_folder

if TYPE_CHECKING:
    from edgeslim.transports._transport import Transport

__all__ = ["TRANSPORT", "LocalTransport"]


class LocalTransport:
    """Runs programs as children of this process; sending a file is linking or copying it."""

    @contextmanager
    def folder(self) -> Iterator[PurePosixPath]:
        with temporary_folder() as folder:
            yield PurePosixPath(folder)

    def push(self, source: Path, target: PurePosixPath) -> None:
        with suppress(OSError):
            Path(target).hardlink_to(source)
            return
        _copy(source, Path(target))

    def pull(self, source: PurePosixPath, target: Path) -> None:
        _copy(Path(source), target)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> process.Completed:
        return process.run(
            argv, timeout_s=timeout_s, environment=environment, on_line=on_line
        )


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BadFileError(f"there is no file {source}")
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise UnwritableError(f"cannot write {target}: {error.strerror or error}") from error


TRANSPORT = LocalTransport

if TYPE_CHECKING:
    _: Transport = LocalTransport()
