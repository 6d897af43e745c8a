"""Parts of the native runner, compiled to notice every byte read beyond its end, against Python's
own."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.runner import build as build_module
from edgeslim.runner.program.pace import Pace, usual_best
from edgeslim.runner.program.sampling import relative_error
from tests.tools import program

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
Answers = Callable[[str, Sequence[bytes]], list[str]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What a part says of each document."""
    path = tmp_path_factory.mktemp("parts") / "parts"
    sources = [str(HERE / "native_parts.cpp"), str(HERE / "stub_library.cpp")]
    flags = ["-std=c++11", "-g", "-O0", "-Wall", "-Wextra", "-Werror", "-DEDGESLIM_OWN_LIGHT_API"]
    flags += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    folder = f"-I{Path(build_module.__file__).parent / 'native'}"
    subprocess.run([program("g++"), *flags, folder, *sources, "-o", str(path)], check=True)

    def ask(mode: str, documents: Sequence[bytes]) -> list[str]:
        given = b"".join(b"%d\n%s" % (len(document), document) for document in documents)
        done = subprocess.run([path, mode], input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        *lines, rest = done.stdout.decode().split("\n")
        assert (len(lines), rest) == (len(documents), "")
        return lines

    return ask


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@settings(max_examples=40)
@given(values=st.lists(VALUES, min_size=5), plain=st.booleans())
def test_json_means_what_it_means_to_python(
    answers: Answers, values: list[object], plain: bool
) -> None:
    documents = [json.dumps(value, ensure_ascii=plain).encode() for value in values]
    assert [json.loads(answer) for answer in answers("json", documents)] == values


HOSTILE = [
    (b"", "no value at character 0"),
    (b"   ", "no value at character 3"),
    (b"[" * 100_000, "too many brackets at character 33"),
    (b'{"a":' * 100_000, "too many brackets"),
    (b"[1,]", "no value at character 3"),
    (b"[1 2]", "']' is missing at character 3"),
    (b'{"a" 1}', "':' is missing"),
    (b"{a:1}", "a name is missing"),
    (b"{'a':1}", "a name is missing"),
    (b'{"a":1', "'}' is missing"),
    (b'"abc', "a text has no end"),
    (b'"abc\\', "a text has no end"),
    (b'"\\u12', "an escape is cut off"),
    (b'"\\u12g4"', "an escape has no four digits"),
    (b'"\\x41"', "an escape that does not exist"),
    (b'"a\nb"', "a control character in a text"),
    (b"nul", "no value"),
    (b"nulll", "something follows the document"),
    (b"NaN", "no value"),
    (b"-", "no value"),
    (b"1.", "digits are missing"),
    (b"1e+", "digits are missing"),
    (b"+1", "no value"),
    (b"[1]x", "something follows the document at character 3"),
    (b"\x00", "no value at character 0"),
    (b"[1\x00]", "']' is missing"),
]


def test_hostile_json_is_refused_with_the_place(answers: Answers) -> None:
    found = answers("json", [document for document, _ in HOSTILE])
    for (document, message), answer in zip(HOSTILE, found, strict=True):
        assert answer.startswith("error: "), document[:40]
        assert message in answer


def test_escapes_mean_what_they_should(answers: Answers) -> None:
    documents = [rb'"\ud83d\ude00"', rb'"\ud83d"', rb'"\ud83d\u0041"', rb'"\ude00x"', rb'"\u0000"']
    assert [json.loads(answer) for answer in answers("json", documents)] == [
        *("😀", "\ufffd", "\ufffd", "\ufffdx", "\0")
    ]


@settings(max_examples=40)
@given(documents=st.lists(st.binary(), min_size=5))
def test_whatever_a_library_prints_can_be_written_down(
    answers: Answers, documents: list[bytes]
) -> None:
    for document, answer in zip(documents, answers("quoted", documents), strict=True):
        decoded = json.loads(answer)
        try:
            assert decoded == document.decode()
        except UnicodeDecodeError:
            assert "?" in decoded


@settings(max_examples=40)
@given(start=st.sampled_from([b"", b"{", b'{"a":[', b'["']), rest=st.lists(st.binary(), min_size=5))
def test_no_bytes_end_the_reader(answers: Answers, start: bytes, rest: list[bytes]) -> None:
    answers("json", [start + tail for tail in rest])
    answers("npy", [b"\x93NUMPY\x01\x00" + tail for tail in rest])


@pytest.mark.parametrize("count", [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003])
def test_checksums_are_those_of_python(answers: Answers, count: int) -> None:
    content = bytes(index * 7 % 256 for index in range(count))
    assert answers("sha256", [content]) == [hashlib.sha256(content).hexdigest()]


def test_arrays_of_every_kind_are_read(answers: Answers) -> None:
    documents, expected = [], []
    for dtype in ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8"):
        for shape in ((), (3,), (2, 3), (1, 2, 3, 4), (0, 4)):
            stream = io.BytesIO()
            np.save(stream, np.ones(shape, dtype))
            documents.append(stream.getvalue())
            expected.append(f"{dtype} [{', '.join(map(str, shape))}]")
    assert answers("npy", documents) == expected
    cut = [document[:size] for document in documents[:5] for size in range(len(document))]
    assert all(answer.startswith("error: ") for answer in answers("npy", cut))


@settings(max_examples=40)
@given(samples=st.lists(st.lists(st.integers(1, 10**10), min_size=1, max_size=50), min_size=3))
def test_the_spread_is_judged_as_in_python(answers: Answers, samples: list[list[int]]) -> None:
    found = answers("error", [json.dumps(durations).encode() for durations in samples])
    assert [float(array) for array in found] == [
        pytest.approx(relative_error(durations), rel=1e-12) for durations in samples
    ]


def test_the_usual_best_is_what_a_quarter_is_below_as_in_python(answers: Answers) -> None:
    generator = np.random.default_rng(0)
    documents = [generator.integers(1, 10**9, size).tolist() for size in (1, 2, 3, 4, 5, 63, 64)]
    found = answers("usual", [json.dumps(durations).encode() for durations in documents])
    assert [int(answer) for answer in found] == [usual_best(known) for known in documents]
    assert usual_best([5, 1, 9, 7, 3, 11, 13, 15]) == 5


def test_one_moment_that_was_never_seen_again_does_not_make_all_others_slow() -> None:
    pace = Pace(lambda: None, 0, 0.0)
    pace._latencies_ns = [600, *[1000] * 20]
    assert not pace.is_slow(1050)
    assert pace.is_slow(1070)
    faster_before = Pace(lambda: None, 900, 0.0)
    faster_before._latencies_ns = [1000] * 20
    assert faster_before.is_slow(1000)
