"""What a Python with Paddle-Lite has: versions, and the files that the native runner links."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeslim import process
from edgeslim.errors import ProgramNotFoundError

__all__ = ["LITE_VERSION", "LitePython", "describe_lite_python"]

LITE_VERSION = "2.13rc0"
"""Version of Paddle-Lite's wheel; models are converted for it."""

_ASKING_S = 60.0
_ASK = """
import json, platform, sysconfig
from importlib import metadata, util
from pathlib import Path

def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""

found = util.find_spec("paddlelite")
folder, name = map(sysconfig.get_config_var, ("LIBDIR", "INSTSONAME"))
library = Path(folder or "", name or "")
print(json.dumps({
    "version": platform.python_version(),
    "paddlelite": version("paddlelite"),
    "numpy": version("numpy"),
    "package": str(Path(found.origin).parent) if found and found.origin else "",
    "libpython": str(library) if ".so" in library.name and library.is_file() else "",
}))
"""


class LitePython(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a Python that runs Paddle-Lite.

    Args:
        version: Version of Python, such as ``3.10.13``.
        paddlelite: Version of Paddle-Lite's wheel; empty if it is not installed.
        numpy: Version of NumPy; empty if it is not installed.
        package: Path of the wheel's folder, as text; empty if it is not installed.
        libpython: Path of Python's shared library, as text; empty if this Python has none.
    """

    version: str
    paddlelite: str
    numpy: str
    package: str
    libpython: str

    @property
    def is_right(self) -> bool:
        """Whether it has the versions that edgeslim needs."""
        return self.paddlelite == LITE_VERSION and self.numpy.partition(".")[0] == "1"

    @property
    def text(self) -> str:
        """Its versions, for people."""
        return (
            f"{self.paddlelite or 'no Paddle-Lite'} (Python {self.version}, "
            f"{f'NumPy {self.numpy}' if self.numpy else 'no NumPy'})"
        )


def describe_lite_python(python: Path) -> LitePython:
    """Asks a Python what it has.

    Args:
        python: Path of the program, or a link to it.

    Raises:
        ProgramError: It does not start, or answers with something else.
    """
    completed = process.run([str(python), "-I", "-c", _ASK], timeout_s=_ASKING_S)
    if completed.status != 0:
        raise process.status_error(f"{python} does not run", completed)
    try:
        return msgspec.json.decode(completed.output, type=LitePython)
    except msgspec.DecodeError as error:
        raise ProgramNotFoundError(f"{python} is no Python: {error}") from error
