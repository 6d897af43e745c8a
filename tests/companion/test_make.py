"""The companion environment, made for real; and what happens where it cannot be made."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgeslim.companion import VARIABLE, describe_lite_python
from tests.program import START, Ended, ended, start
from tests.tools import PROJECT, missing, program, wait_until

pytestmark = pytest.mark.slow

TOO_NEW = "import edgeslim.companion.find as found; found._NEWEST = (3, 9)"
"""This Python counts as one that Paddle-Lite's wheel is not for, also if it is 3.10."""

NO_INDEX = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
    "PIP_NO_CACHE_DIR": "1",
}
"""No place to take packages from but the one that a test names."""

WHEELS = (
    "numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "paddlelite-2.13rc0-cp310-cp310-manylinux1_x86_64.whl",
)


def begin(cache: Path, *options: str, **variables: str) -> subprocess.Popen[str]:
    own = {"XDG_CACHE_HOME": str(cache), VARIABLE: "", **variables}
    return start("lite", "install", *options, folder=PROJECT, first=TOO_NEW, **own)


def install(cache: Path, *options: str, **variables: str) -> Ended:
    return ended(begin(cache, *options, **variables))


def left(cache: Path) -> set[str]:
    """What is in the folder of companions beside the lock."""
    folder = cache / "edgeslim" / "lite"
    return {path.name for path in folder.iterdir()} - {".lock"} if folder.is_dir() else set()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ended]]:
    """A cache in which two processes made a companion at once, and how they ended."""
    cache = tmp_path_factory.mktemp("cache")
    unfinished = cache / "edgeslim" / "lite" / ".edgeslim.killed"
    unfinished.mkdir(parents=True)
    processes = [begin(cache, "--json") for _ in range(2)]
    found = [ended(process) for process in processes]
    if any("check the network" in one.err for one in found):
        missing("nothing can be downloaded here")
    return cache, found


def test_two_at_once_make_one(both: tuple[Path, list[Ended]]) -> None:
    cache, found = both
    assert [one.code for one in found] == [0, 0], found
    first, second = (one.document["lite"] for one in found)
    assert first == second
    (name,) = left(cache)  # what a killed process left is gone
    python = cache / "edgeslim" / "lite" / name / "bin" / "python"
    assert first["python"] == str(python)
    lite = describe_lite_python(python)
    assert lite.is_right
    assert (first["paddlelite"], first["numpy"]) == (lite.paddlelite, lite.numpy)
    said = [one.err for one in found]
    announced = "note: making an environment for Paddle-Lite in "
    assert sum(announced in text for text in said) == 1, said
    (text,) = [text for text in said if announced in text]
    assert "once for all projects: 66 MB are downloaded and 270 MB are kept" in text
    assert all(announced in text or not text or "waiting for another" in text for text in said)
    # Scripts would name the folder in which it was made.
    assert all(path.name.startswith("python") for path in python.parent.iterdir())


def test_what_is_there_is_not_made_again_also_where_nothing_can_be_written(
    both: tuple[Path, list[Ended]],
) -> None:
    cache, _ = both
    mounted = (
        'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 125; shift; exec "$@"'
    )
    command = (sys.executable, "-c", f"{TOO_NEW}\n{START}", "lite", "install")
    found = subprocess.run(
        [program("unshare"), "-m", "sh", "-c", mounted, "sh", str(cache), *command],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "XDG_CACHE_HOME": str(cache), VARIABLE: ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 125 or "unshare" in found.stderr:
        missing("nothing can be mounted here")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("already there: ")
    assert found.stderr == ""


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    cache = Path("/proc/nowhere")
    said = install(cache).error(1)
    assert said.startswith(f"cannot write into {cache}/edgeslim/lite: ")
    assert (
        f"name another folder with XDG_CACHE_HOME, or a Python that has Paddle-Lite with {VARIABLE}"
        in said
    )
    (tmp_path / "file").touch()
    assert "file/edgeslim/lite: Not a directory; name another" in install(tmp_path / "file").error(
        1
    )


def test_a_disk_without_room_is_said_before_anything_is_downloaded(tmp_path: Path) -> None:
    found = in_small_folder(tmp_path, 50, {"XDG_CACHE_HOME": str(tmp_path)})
    said = found.error(1)
    assert "the environment for Paddle-Lite needs 336 MB in " in said
    assert "where 52 MB are free; make room, name another folder with XDG_CACHE_HOME" in said
    assert "downloaded" not in found.err


def test_a_disk_that_becomes_full_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    cache, small = tmp_path / "cache", tmp_path / "small"
    small.mkdir()
    found = in_small_folder(
        small, 8, {"XDG_CACHE_HOME": str(cache), "TMPDIR": str(small), "PIP_NO_CACHE_DIR": "1"}
    )
    said = found.error(1)
    if "check the network" in said:
        missing("nothing can be downloaded here")
    assert said.startswith("the disk is full: the environment for Paddle-Lite cannot be made")
    assert "make room for 336 MB (and for 66 MB in TMPDIR), name another folder" in said
    assert left(cache) == set()


def in_small_folder(folder: Path, size_mb: int, variables: dict[str, str]) -> Ended:
    """Installs where a folder is a disk of its own, which is small."""
    mounted = f'mount -t tmpfs -o size={size_mb}m none "$1" || exit 125; shift; exec "$@"'
    command = (sys.executable, "-c", f"{TOO_NEW}\n{START}", "lite", "install")
    found = subprocess.run(
        [program("unshare"), "-m", "sh", "-c", mounted, "sh", str(folder), *command],
        env={**os.environ, "PYTHONPATH": str(PROJECT), VARIABLE: "", **variables},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 125 or "unshare" in found.stderr:
        missing("nothing can be mounted here")
    return Ended(found.returncode, found.stdout, found.stderr)


def test_an_index_that_does_not_answer_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    said = install(tmp_path, **NO_INDEX, PIP_INDEX_URL="http://127.0.0.1:9/simple").error(1)
    assert said.startswith("the environment for Paddle-Lite cannot be made: ")
    assert "check the network and pip's index (pip config list), then edgeslim lite install" in said
    assert left(tmp_path) == set()


def test_another_package_of_the_name_is_not_installed(tmp_path: Path) -> None:
    cache, wheels = tmp_path / "cache", tmp_path / "wheels"
    wheels.mkdir()
    for name in WHEELS:
        (wheels / name).write_bytes(b"not what it should be")
    found = install(cache, **{**NO_INDEX, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)})
    said = found.error(1)
    assert "what was downloaded is damaged, or not what it should be; edgeslim lite install" in said
    assert left(cache) == set()


@contextmanager
def server(*, answers: threading.Event, wait: threading.Event | None = None) -> Iterator[str]:
    """An index that breaks off in the middle of each file, or waits there; yields its address.

    Args:
        answers: Is set when the first file is asked for.
        wait: What it waits for in the middle of a file, if it does.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if not self.path.endswith(".whl"):
                names = [name for name in WHEELS if name.startswith(self.path.split("/")[-2])]
                page = "".join(f'<a href="/files/{name}">{name}</a>' for name in names).encode()
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)
                return
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)
            self.wfile.flush()
            answers.set()
            if wait is not None:
                wait.wait(60)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}/simple"
        finally:
            if wait is not None:
                wait.set()
            listening.shutdown()
            thread.join()


def test_a_download_that_breaks_off_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    asked = threading.Event()
    with server(answers=asked) as index:
        said = install(tmp_path, **NO_INDEX, PIP_INDEX_URL=index).error(1)
    assert asked.is_set()
    assert said.startswith("the environment for Paddle-Lite cannot be made: ")
    assert said.count("edgeslim lite install") == 1
    assert left(tmp_path) == set()


def test_an_interruption_leaves_nothing_and_the_next_one_does_not_wait(tmp_path: Path) -> None:
    asked = threading.Event()
    with server(answers=asked, wait=threading.Event()) as index:
        process = begin(tmp_path, **NO_INDEX, PIP_INDEX_URL=index)
        assert wait_until(asked.is_set, timeout_s=60)
        assert left(tmp_path) != set()
        process.send_signal(signal.SIGINT)
        found = ended(process, timeout_s=60)
    assert found.error(130).startswith("interrupted")
    assert left(tmp_path) == set()
    again = install(tmp_path, **NO_INDEX, PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert "waiting" not in again.err
