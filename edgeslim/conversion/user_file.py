"""Loading Python files of the user, which define networks, spaces and tasks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from edgeslim.errors import BadFileError
from edgeslim.paddle_io.importing import load_paddle

__all__ = ["load_user_file"]


def load_user_file(file: Path) -> ModuleType:
    """Runs a user's file as a module, which may import files beside it.

    Raises:
        BadFileError: There is no such file, or it does not load; the message says why.
    """
    if not file.exists():
        raise BadFileError(f"there is no file {file}")
    load_paddle()
    spec = importlib.util.spec_from_file_location(f"edgeslim_user_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise BadFileError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # files beside it can be imported, as when Python runs it
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        # The user's own code may raise anything.
        del sys.modules[spec.name]
        raise BadFileError(f"{file} does not load: {type(error).__name__}: {error}") from error
    return module
