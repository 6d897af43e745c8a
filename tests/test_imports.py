"""Paddle is imported at one door only: it is slow, and would disturb what is measured."""

from __future__ import annotations

import pkgutil
import re

import pytest

import edgeslim
from tests.tools import run_python

BEHIND_THE_DOOR = "edgeslim.training"
"""Training is Paddle's, and so are the layers of networks; all else can be had without it."""
LAYERS = re.compile(r"edgeslim\.families\.(\w+\.)?layers")


def modules() -> list[str]:
    found = pkgutil.walk_packages(edgeslim.__path__, "edgeslim.", onerror=lambda _: None)
    names = [info.name for info in found if not info.name.startswith(BEHIND_THE_DOOR)]
    return [name for name in names if not LAYERS.fullmatch(name)]


IMPORT_ALL = """
import importlib, sys

foreign = {"paddle", "paddlelite"}
importlib.import_module("edgeslim")
for name in ["edgeslim", *sys.argv[1:]]:
    importlib.import_module(name)
    found = foreign & set(sys.modules)
    assert not found, f"{name} imports {found}"
"""


@pytest.mark.slow
def test_nothing_outside_the_door_imports_paddle() -> None:
    assert "edgeslim.runner.program" in modules()
    assert "edgeslim.prediction.predictor" in modules()
    assert "edgeslim.models.resnet18" in modules()
    assert "edgeslim.families.resnet.layers" not in modules()
    run_python(IMPORT_ALL, *modules())


QUICK = ["edgeslim", "edgeslim.process", "edgeslim.latency_table", "edgeslim.transports.local"]


@pytest.mark.parametrize("name", QUICK)
def test_importing_puts_nothing_in_motion(name: str) -> None:
    code = """
import os, sys, threading
before = dict(os.environ), os.getcwd()
__import__(sys.argv[1])
assert (dict(os.environ), os.getcwd()) == before
assert threading.active_count() == 1
"""
    assert run_python(code, name) == ""


def test_no_module_hides_what_the_door_offers() -> None:
    # Once imported, a module is an attribute of its package, found before anything lazy.
    inside = {info.name for info in pkgutil.iter_modules(edgeslim.__path__)}
    assert not inside & set(edgeslim.__all__)


ROOT_LOGGER = """
import logging
from edgeslim.paddle_io.importing import load_paddle

root = logging.getLogger()
load_paddle()
assert (root.handlers, root.level) == ([], logging.WARNING), (root.handlers, root.level)
own = logging.NullHandler()
root.addHandler(own)
load_paddle()
assert root.handlers == [own], root.handlers
logging.getLogger("paramiko.transport").info("connected")
"""


@pytest.mark.slow
def test_paddle_changes_nothing_about_what_other_libraries_log() -> None:
    assert run_python(ROOT_LOGGER) == ""
