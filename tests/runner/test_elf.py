"""What programs need of a system, read from their files and compared with binutils."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError
from edgeslim.runner.elf import Elf, newest, read_elf, version_number
from tests.tools import program

SOURCE = """
#include <cmath>
#include <iostream>
#include <thread>
int main(int count, char**) {
  std::thread([&] { std::cout << std::sqrt(count) << std::endl; }).join();
#pragma omp parallel
  std::cout << count;
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "arm-linux-gnueabihf-", "aarch64-linux-gnu-"])
def test_what_a_program_needs_is_what_binutils_say(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "main.cpp").write_text(SOURCE)
    path = tmp_path / "main"
    compiler = program(f"{prefix}g++")
    subprocess.run([compiler, "-fopenmp", str(tmp_path / "main.cpp"), "-o", str(path)], check=True)
    said = subprocess.run(
        [program("readelf"), "-W", "-l", "-d", "-V", str(path)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = read_elf(path)
    assert found.interpreter == re.findall(r"interpreter: (\S+)\]", said)[0]
    assert list(found.libraries) == re.findall(r"\(NEEDED\).*\[(\S+)\]", said)
    assert {"libgomp.so.1", "libstdc++.so.6", "libc.so.6"} <= set(found.libraries)
    needs = said[said.index("Version needs section") :]
    by_library = re.split(r"File: (\S+)", needs)[1:]
    assert found.versions == {
        name: tuple(re.findall(r"Name: (\S+)", text))
        for name, text in zip(by_library[::2], by_library[1::2], strict=True)
    }
    assert tuple(map(int, newest([found], "GLIBC").split("."))) >= (2, 4)


@pytest.mark.slow
def test_a_program_without_libraries_needs_none(tmp_path: Path) -> None:
    (tmp_path / "main.cpp").write_text("int main() {}\n")
    path = tmp_path / "main"
    command = [program("g++"), "-static", str(tmp_path / "main.cpp"), "-o", str(path)]
    subprocess.run(command, check=True)
    assert read_elf(path) == Elf(machine=62, interpreter="", libraries=(), versions={})


def test_versions_are_compared_as_numbers() -> None:
    assert version_number("GLIBC_2.34") == (2, 34)
    assert version_number("2.4") < version_number("2.31")
    assert version_number("GLIBC_PRIVATE") == ()
    elf = Elf(
        machine=62,
        interpreter="",
        libraries=("libc.so.6",),
        versions={"libc.so.6": ("GLIBC_2.4", "GLIBC_2.31", "GLIBC_PRIVATE"), "x": ("GOMP_5.0",)},
    )
    assert newest([elf], "GLIBC") == "2.31"
    assert newest([elf], "GLIBCXX") == ""


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF\1\1" + bytes(30)])
def test_what_is_no_program_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BadFileError, match="is no whole program or library"):
        read_elf(tmp_path / "file")


@pytest.mark.slow
def test_a_file_that_is_cut_off_is_an_error_or_says_less(tmp_path: Path) -> None:
    whole = Path(program("sh")).resolve().read_bytes()
    path = tmp_path / "cut"
    for size in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:size])
        try:
            assert "libc.so.6" in (*read_elf(path).libraries, "libc.so.6")
        except BadFileError:
            continue
