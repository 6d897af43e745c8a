"""What an optimized model says about itself."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError
from edgeslim.execution import Target
from edgeslim.lite.optimized_model import Kernel, read_optimized_model
from edgeslim.runner.job import Job
from tests.lite.kernel_targets import HOST_KERNELS, KERNEL_TARGETS


def file_of(job: Job) -> Path:
    return job.files[job.entry.model]


def optimized(
    *,
    version: bytes = b"v2.13-rc",
    kernel: bytes = b"relu/def/2/1/1",
    tensors: Sequence[bytes] = (),
) -> bytes:
    """A file of the right layout."""
    program = b"\0\x0e\0\0\0" + kernel + b"\0"
    start = struct.pack("<H16sQ", 2, version + b"\0\x7f", len(program))
    parameters = b"".join(struct.pack("<I", len(tensor)) + tensor for tensor in tensors)
    return start + program + struct.pack("<HHHHI", 0, 0, 6, len(tensors), 99) + parameters


@pytest.mark.slow
def test_the_facts_of_a_real_file_are_read(real_jobs: Sequence[Job]) -> None:
    facts = read_optimized_model(file_of(real_jobs[1]))
    assert facts.library_version == "v2.13-rc"
    assert facts.size_bytes == file_of(real_jobs[1]).stat().st_size
    assert facts.targets == {HOST_KERNELS, KERNEL_TARGETS[Target.X86]}
    conv, feed, fetch = sorted(facts.kernels)
    assert (conv.operator, conv.target) == ("conv2d", 2)
    assert (feed.operator, fetch.operator) == ("feed", "fetch")
    assert feed.target == fetch.target == 1


@pytest.mark.slow
def test_a_file_for_arm_has_kernels_for_arm(arm_job: Job) -> None:
    facts = read_optimized_model(file_of(arm_job))
    assert facts.targets == {HOST_KERNELS, KERNEL_TARGETS[Target.ARM]}


@pytest.mark.slow
def test_a_real_file_that_lacks_a_byte_or_has_one_more_is_refused(
    real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    for job in real_jobs:
        content = file_of(job).read_bytes()
        for other in (content[:-1], content[:-100], content + b"\0"):
            (tmp_path / "model.nb").write_bytes(other)
            with pytest.raises(BadFileError, match="is not a whole optimized model"):
                read_optimized_model(tmp_path / "model.nb")


def test_the_layout_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "model.nb"
    path.write_bytes(optimized(tensors=[b"a" * 1000, b"", b"relu/def/9/9/9"]))
    facts = read_optimized_model(path)
    assert facts.kernels == {Kernel("relu", "def", 2, 1, 1)}
    assert facts.size_bytes == path.stat().st_size


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "model.nb"
    content = optimized(tensors=[b"abc", b"defg"])
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(BadFileError, match=r"model\.nb is not a"):
            read_optimized_model(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "too short"),
        (b"relu/def/2/1/1", "too short"),
        (b"\x89PNG" + bytes(100), r"\(format 20617, .*\)"),
        (optimized(version=b"2.13"), r"\(format 2, '2.13'\)"),
        (b"\0\0" + optimized()[2:], r"\(format 0, 'v2.13-rc'\)"),
        (optimized(kernel=b"relu/def/2/1"), "calls no kernels"),
        (optimized() + b"\0", "cut off, or too long"),
    ],
)
def test_what_is_no_optimized_model_is_said_so(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "model.nb"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=message):
        read_optimized_model(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"cannot read .*none\.nb: No such file"):
        read_optimized_model(tmp_path / "none.nb")
