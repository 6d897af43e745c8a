"""A results file is whole and unchanged, or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError
from edgeslim.runner.protocol import Sampling, check_complete, parse_event, whole_events
from tests.tools import run_python

SAY = """
import sys
from edgeslim.runner.program.results import Results

results = Results(sys.argv[1])
results.say({"event": "start", "machine": "x86_64"})
results.say({"event": "entry", "id": "é\\u2028"})
print("native code prints what it likes")
results.say({"event": "measured", "id": "é\\u2028", "samples_ns": [1, 2], "swept_bytes": 8})
results.say({"event": "finished", "id": "é\\u2028"})
results.close()
"""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Sequence[bytes]:
    """What the runner's own program writes."""
    path = tmp_path_factory.mktemp("results") / "results.jsonl"
    printed = run_python(SAY, path)
    assert printed.encode() == path.read_bytes()
    return path.read_bytes().splitlines()


def test_a_whole_file_is_its_events_in_order(lines: Sequence[bytes]) -> None:
    events = check_complete(lines)
    assert [event.event for event in events] == ["start", "entry", "measured", "finished", "end"]
    assert events[2].samples_ns == (1, 2)
    assert events[1].id == "é\u2028"


@pytest.mark.parametrize("place", range(5))
def test_a_file_without_one_of_its_lines_is_refused(lines: Sequence[bytes], place: int) -> None:
    with pytest.raises(BadFileError):
        check_complete([*lines[:place], *lines[place + 1 :]])


@pytest.mark.parametrize("place", range(5))
def test_a_file_with_a_line_twice_is_refused(lines: Sequence[bytes], place: int) -> None:
    with pytest.raises(BadFileError, match="is missing"):
        check_complete([*lines[: place + 1], *lines[place:]])


def test_a_file_with_lines_that_changed_places_is_refused(lines: Sequence[bytes]) -> None:
    with pytest.raises(BadFileError, match="result 1 is missing; 2 is in its place"):
        check_complete([lines[0], lines[2], lines[1], *lines[3:]])


@pytest.mark.parametrize("count", range(5))
def test_a_file_that_was_cut_off_is_refused(lines: Sequence[bytes], count: int) -> None:
    with pytest.raises(BadFileError, match=f"end after {count} lines, before their end mark"):
        check_complete(lines[:count])


def test_a_number_that_was_changed_is_noticed(lines: Sequence[bytes]) -> None:
    changed = [line.replace(b"[1, 2]", b"[1, 3]") for line in lines]
    assert changed != list(lines)
    with pytest.raises(BadFileError, match="their checksum differs"):
        check_complete(changed)


def test_renumbering_does_not_hide_a_missing_line(lines: Sequence[bytes]) -> None:
    kept = [json.loads(line) for line in (*lines[:2], *lines[3:])]
    renumbered = [json.dumps({**message, "sequence": n}).encode() for n, message in enumerate(kept)]
    with pytest.raises(BadFileError, match="their checksum differs"):
        check_complete(renumbered)


@pytest.mark.parametrize("line", [b"", b"hello", b"[]", b'{"event": "start"}', b"\xff" * 200])
def test_a_line_that_is_no_result_is_shown(line: bytes) -> None:
    with pytest.raises(BadFileError, match=r"the runner's line .* is no result") as caught:
        parse_event(line)
    assert len(str(caught.value)) < 400


def test_a_sampling_is_of_a_cache_state() -> None:
    assert Sampling().cache.swept_bytes == 0
    assert Sampling(swept_bytes=8).cache.swept_bytes == 8


def test_the_program_stands_alone(tmp_path: Path) -> None:
    code = """
import ast, sys, zipfile
from edgeslim.runner.runners import python_program
found = set()
with zipfile.ZipFile(python_program()) as archive:
    for name in archive.namelist():
        nodes = list(ast.walk(ast.parse(archive.read(name), feature_version=(3, 7))))
        found |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        found |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
print(sorted(found - set(sys.stdlib_module_names)))
"""
    printed = run_python(code)
    assert printed == "['edgeslim_runner.main', 'numpy', 'paddlelite.lite']\n"


@pytest.mark.parametrize("cut", range(1, 30))
def test_of_a_file_that_was_cut_off_the_whole_lines_count(lines: Sequence[bytes], cut: int) -> None:
    content = b"".join(line + b"\n" for line in lines[:-1])
    events = whole_events(content[:-cut])
    assert [event.event for event in events] == ["start", "entry", "measured"]


def test_a_line_that_is_garbled_is_not_taken_for_the_end(lines: Sequence[bytes]) -> None:
    with pytest.raises(BadFileError, match="is no result"):
        whole_events(b"".join([lines[0], b"\n", b"\xff\x00\n", lines[2], b"\n"]))
