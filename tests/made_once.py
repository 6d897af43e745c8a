"""What takes long to make and is only read: made by one of the processes that run tests."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

Value = TypeVar("Value")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Value]) -> Value:
    """What the first process of this run that asks for it makes; the others wait and read it.

    Args:
        factory: Where the folders of this run are.
        name: Name of what is made, one for all tests.
        make: Makes it, given a folder for its files, which tests must not change.
    """
    own = factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, kept = root / name, root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            value: Value = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this run
            return value
        folder.mkdir(exist_ok=True)
        value = make(folder)
        written = root / f"{name}.part"
        written.write_bytes(pickle.dumps(value))
        written.rename(kept)
        return value
