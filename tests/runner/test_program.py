"""The program that runs on the device, on its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgeslim.companion import lite_python
from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.protocol import PROTOCOL, check_complete
from edgeslim.runner.runners import python_program

WITH_FOLDER_FIRST = """
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def written(folder: Path, jobs: Sequence[Job] = (), *, threads: int = 1) -> list[str]:
    """Arguments of the program for a batch."""
    write_batch(folder / "batch", jobs, None, threads=threads, power_mode=3)
    return [str(python_program()), str(folder / "batch"), str(folder / "results.jsonl")]


def rewritten(folder: Path, change: Callable[[bytes], bytes]) -> list[str]:
    """Arguments of the program for a batch that was changed on the way."""
    arguments = written(folder)
    batch = folder / "batch"
    batch.write_bytes(change(batch.read_bytes()))
    return arguments


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(lite_python()), *argv], capture_output=True, text=True, timeout=60, check=False
    )


def run_with_fake(folder: Path, name: str, code: str) -> subprocess.CompletedProcess[str]:
    """Runs an empty batch where another package has the name of a known one."""
    (folder / "packages" / name).mkdir(parents=True)
    (folder / "packages" / name / "__init__.py").write_text(code)
    arguments = written(folder)
    return run("-c", WITH_FOLDER_FIRST, str(folder / "packages"), *arguments)


@pytest.mark.parametrize("version", ["2.2.0", "2.0.0rc1", "3.1"])
def test_numpy_2_is_refused_with_the_mend(tmp_path: Path, version: str) -> None:
    completed = run_with_fake(tmp_path, "numpy", f"__version__ = {version!r}")
    assert completed.returncode == REFUSED == 3
    assert completed.stderr == (
        f"NumPy {version} corrupts the Paddle-Lite runtime in silence; "
        f"{lite_python()} -m pip install 'numpy<2'\n"
    )
    assert not (tmp_path / "results.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "mend"),
    [("numpy", "numpy<2"), ("paddlelite", "paddlelite==2.13rc0")],
)
def test_a_package_that_does_not_load_is_refused_with_the_mend(
    tmp_path: Path, name: str, mend: str
) -> None:
    completed = run_with_fake(tmp_path, name, "raise ImportError('libgomp.so.1 is missing')")
    assert completed.returncode == REFUSED
    assert "does not load (libgomp.so.1 is missing)" in completed.stderr
    assert f"{lite_python()} -m pip install '{mend}'\n" in completed.stderr


def test_more_threads_than_cores_are_refused(tmp_path: Path) -> None:
    completed = run(*written(tmp_path, threads=10_000))
    assert completed.returncode == REFUSED
    assert "10000 threads do not fit on" in completed.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda content: content.replace(f'"protocol":{PROTOCOL}'.encode(), b'"protocol":9'),
            f"the manifest has protocol 9; this runner speaks {PROTOCOL}",
        ),
        (lambda content: content + b"x", "did not arrive whole"),
        (lambda content: content[: len(content) // 2], "does not begin with a manifest"),
        (lambda content: b"", "does not begin with a manifest"),
        (lambda content: b"[1, 2]\n", "does not begin with a manifest"),
        (
            lambda content: content.replace(b'"power_mode":3', b'"power_mode":0'),
            "binds no cores; use the power mode no-bind",
        ),
    ],
)
def test_a_batch_that_cannot_be_done_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    completed = run(*rewritten(tmp_path, change))
    assert completed.returncode == REFUSED
    assert message in completed.stderr


@pytest.mark.slow
def test_it_imports_the_runtime_and_never_paddle(tmp_path: Path, real_jobs: Sequence[Job]) -> None:
    completed = run("-I", "-X", "importtime", *written(tmp_path, real_jobs[:1]))
    assert completed.returncode == 0, completed.stderr
    imported = {line.rpartition("|")[2].strip() for line in completed.stderr.splitlines()}
    assert {"numpy", "paddlelite.lite"} <= imported
    assert not [name for name in imported if name.split(".")[0] in {"paddle", "edgeslim"}]


@pytest.mark.slow
def test_results_are_printed_as_they_are_written_down(
    tmp_path: Path, real_jobs: Sequence[Job]
) -> None:
    entries = tuple(job.entry for job in real_jobs)
    completed = run(*written(tmp_path, real_jobs))
    content = (tmp_path / "results.jsonl").read_bytes()
    assert completed.stdout.encode() == content
    events = check_complete(content.splitlines())
    names = [(event.event, event.id) for event in events]
    assert names[0] == ("start", "")
    expected = [(name, entry.id) for entry in entries for name in ("entry", "measured", "finished")]
    assert names[1:-1] == expected
    assert len(events[0].pinned_cores) == 1
