"""Builds and runs the parts of apps that can be built and run on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgeslim.companion import describe_lite_python, lite_python
from edgeslim.runner.build_targets import LIBRARY
from tests.tools import PROJECT, missing, program

LIGHT_API = PROJECT / "edgeslim" / "runner" / "native" / "light_api.h"
"""Our own declaration of the light API, for which the wheel has no headers."""


def run(*command: object, folder: Path, **variables: str) -> str:
    """Runs a command to its end; returns all that it printed, and fails if it failed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def package_of_the_wheel(folder: Path) -> tuple[Path, Path]:
    """A package like those of releases, with the wheel's library; and the library of Python."""
    lite = describe_lite_python(lite_python())
    wheel, python = Path(lite.package), Path(lite.libpython)
    if not lite.libpython:
        missing("the Python of Paddle-Lite has no shared library, which the wheel's needs")
    include, library = folder / "cxx" / "include", folder / "cxx" / "lib"
    include.mkdir(parents=True)
    library.mkdir()
    shutil.copy(LIGHT_API, include / "paddle_api.h")
    for name in (LIBRARY, "liblite_pybind.so"):  # by which name it looks for itself
        (library / name).symlink_to(wheel / "lite.so")
    for other in (*(wheel / "libs").iterdir(), python):
        (library / other.name).symlink_to(other)
    return folder, python


def compare_in_python(app: Path) -> str:
    """Runs the comparison and the sample of an app in Python."""
    if lite_python() != Path(sys.executable):
        pytest.skip("Paddle-Lite's wheel is for Python 3.10, and this is another one")
    said = run(sys.executable, "compare.py", folder=app)
    first = sorted((app / "data" / "samples").glob("1.*"))
    shown = [path for path in first if path.suffix == ".png"] or [
        path for path in first if ".input" in path.name
    ]
    return said + run(sys.executable, "sample.py", *shown, folder=app)


def compare_in_cpp(app: Path, scratch: Path) -> str:
    """Builds an app in C++ with CMake; runs its test and its sample."""
    cmake = program("cmake")
    package, python = package_of_the_wheel(scratch)
    # The wheel's library is a module of Python's, and wants the rest of it.
    flags = f"-Werror -Wl,--allow-shlib-undefined -Wl,--no-as-needed {python}"
    run(
        *(cmake, "-S", ".", "-B", "build", f"-DPADDLE_LITE_DIR={package}"),
        *("-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_EXE_LINKER_FLAGS={flags}"),
        folder=app,
    )
    run(cmake, "--build", "build", folder=app)
    found = {"LD_LIBRARY_PATH": str(package / "cxx" / "lib")}
    run("ctest", "--test-dir", "build", "--output-on-failure", folder=app, **found)
    said = run("build/compare", "data", folder=app, **found)
    first = sorted((app / "data" / "samples").glob("1.*"))
    shown = [path for path in first if path.suffix in {".ppm", ".pgm"}] or [
        path for path in first if ".input" in path.name
    ]
    return said + run("build/sample", "data", *shown, folder=app, **found)


JAVA = Path(__file__).parent / "java"
"""A declaration of Paddle-Lite's Java API, and what runs JUnit's tests."""

SOON = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Options of Java for programs that run for seconds: nothing is compiled to run for hours."""


def compare_in_java(app: Path, classes: Path) -> str:
    """Compiles all Java of an Android app; runs its tests that need no phone."""
    compiler, java = program("javac"), program("java")
    sources = sorted([*JAVA.rglob("*.java"), *app.rglob("*.java")])
    options = ("--release", "8", "-Xlint:all,-options", "-Werror")
    soon = [f"-J{option}" for option in SOON]
    run(compiler, *soon, *options, "-d", classes, *sources, folder=app)
    tests = "com.example.edgeslimapp.ComputerTest"
    return run(java, *SOON, "-cp", classes, "RunTests", tests, folder=app / "app")
