"""PaddleSlim 2.3's pickle, and what else a pickle may hold: nothing of it is run."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import BadFileError
from edgeslim.execution import PowerMode
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.restricted_pickle import _NumbersOnly, read_nested, read_numbers
from tests.table_formats.tables import imported, reasons

STEM = (
    "conv2d in=(1, 3, 224, 224) weight=(16, 3, 3, 3) out=(1, 16, 112, 112) pad=1 stride=2 "
    "group=1 dilation=1 quant=False bit_length=None"
)
SENTENCES = {
    STEM: 2.5,
    "depthwise_conv2d in=(1, 16, 56, 56) weight=(16, 1, 3, 3) out=(1, 16, 56, 56) pad=1 stride=1 "
    "group=16 dilation=1 quant=False bit_length=None": 0.25,
    "pool2d in=(1, 16, 7, 7) out=(1, 16, 1, 1) stride=1 kernel=1x1 pad=0 flag_global=1 "
    "type=avg)": 0.01,
    "fc in=(1, 16, 1, 1) weight=(16, 10) out=(1, 10)": 0.02,
    "elementwise_add X=(1, 16, 7, 7) Y=(1, 16, 7, 7) axis=-1 out=(1, 16, 7, 7)": 0.03,
    "concat in=(1, 8, 7, 7)(1, 8, 7, 7) axis=1 out=(1, 16, 7, 7)": 0.04,
    "hard_swish in=(1, 16, 7, 7) out=(1, 16, 7, 7)": 0.05,
    "shuffle_channel in=(1, 16, 7, 7) group=2  out=(1, 16, 7, 7)": 0.06,
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_table_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps(SENTENCES, protocol)
    name = "SD710_threads_4_power_mode_0.pkl"
    done = imported(tmp_path, "paddleslim-2-pickle", content, name=name)
    assert (done.operators, done.refused) == (len(SENTENCES), ())
    context = done.context
    assert (context.hardware, context.execution.threads) == ("SD710", 4)
    assert context.execution.power_mode is PowerMode.HIGH
    assert context.convention is Convention.UNNAMED_ACTIVATIONS
    table = LatencyTable.read(done.table)
    stem = next(iter(table))
    assert (stem.kind, stem.output_shape) == ("conv2d", (1, 16, 112, 112))
    assert "Bias" not in stem.weights
    assert min(table.latencies_ms()[stem].values()) == 2.5


@pytest.mark.parametrize(
    ("sentence", "value", "reason"),
    [
        ("transpose2 in=(1, 8, 4) out=(1, 4, 8)", 1.0, "leaves out what it does"),
        ("range", 1.0, "'range' is unknown"),
        (STEM.replace("quant=False", "quant=True"), 1.0, "only 32 are known"),
        (STEM.replace("pad=1", "pad=-1"), 1.0, "no extents, strides or groups below"),
        (STEM.replace(" stride=2", ""), 1.0, "it does not say stride"),
        (STEM.replace("(16, 3, 3, 3)", "(16, 3)"), 1.0, "not one shape of 4 numbers"),
        ("relu in=(1, -1, 4) out=(1, 8, 4)", 1.0, "is not a shape"),
        (STEM.replace("in=(1, 3", "in=(1, 4"), float("nan"), "nan ms is not a latency"),
        (STEM.replace("in=(1, 3", "in=(1, 4"), 0, "0 ms is not a latency"),
        (STEM.replace("in=(1, 3", "in=(1, 4"), 10**400, "inf ms is not a latency"),
    ],
)
def test_sentences_that_say_too_little_are_listed(
    tmp_path: Path, sentence: str, value: Any, reason: str
) -> None:
    content = pickle.dumps({STEM: 2.5, sentence: value})
    done = imported(tmp_path, "paddleslim-2-pickle", content)
    (refused,) = reasons(done)
    assert refused.startswith(f"entry 2: {sentence[:20]}")
    assert reason in refused


class Shell:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


def nested_tuples(depth: int) -> bytes:
    """A dictionary whose key is a tuple in a tuple in a tuple: hashing it overflows the stack."""
    return b"\x80\x04}(" + b")" + b"\x85" * depth + b"K\x01u."


HOSTILE = {
    "a class": pickle.dumps({STEM: OrderedDict()}),
    "a class, protocol 0": pickle.dumps({STEM: OrderedDict()}, 0),
    "a number of numpy's": pickle.dumps({STEM: np.float64(1.0)}),
    "a call without a name": b"cos\nsystem\n(S'true'\ntR.",
    "an instance of old": b"(S'true'\nios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent name": b"Pmodule\n.",
    "a persistent name from the stack": b"\x80\x02U\x01aQ.",
    "a built object": b"\x80\x02}}b.",
    "tuples without end": nested_tuples(100_000),
    "bytes": pickle.dumps({STEM: b"1"}),
    "a list": pickle.dumps({STEM: [1.0]}),
    "nothing": pickle.dumps({STEM: None}),
    "a truth": pickle.dumps({STEM: True}),
    "a set": pickle.dumps({1, 2}),
    "a number alone": pickle.dumps(1.0),
    "a dictionary in it": pickle.dumps({STEM: {STEM: 1.0}}),
    "a key that is a number": pickle.dumps({1: 1.0}),
    "a slot far away": b"\x80\x02}r\xff\xff\xff\x7f.",
    "more text than there is": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
    "an out-of-band buffer": b"\x80\x05\x97.",
    "a byte array that is not there": b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "cut off": pickle.dumps(SENTENCES)[:-40],
    "no pickle": b"conv,0,0\t5\n",
    "an empty file": b"",
    "nothing left on the stack": b".",
    "text that is not UTF-8": b"\x80\x02}X\x01\x00\x00\x00\xffG?\xf0\x00\x00\x00\x00\x00\x00s.",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_pickles_are_one_clear_error_and_leave_nothing(tmp_path: Path, what: str) -> None:
    with pytest.raises(BadFileError) as caught:
        imported(tmp_path, "paddleslim-2-pickle", HOSTILE[what])
    assert "theirs.txt" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ours.jsonl").exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_a_command_does_not(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "ran"
    content = pickle.dumps({STEM: Shell(marker)}, protocol)
    with pytest.raises(BadFileError, match="more than dictionaries, texts and numbers"):
        read_numbers("it", content)
    assert not marker.exists()
    pickle.loads(content)  # noqa: S301 - proves that it would have
    assert marker.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nor_does_one_where_numbers_of_numpys_are_let_in(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "ran"
    for content in (
        pickle.dumps({STEM: [Shell(marker)]}, protocol),
        f"(S'touch {marker}'\nios\nsystem\n.".encode(),
        nested_tuples(100_000),
        b"cnumpy\ndtype\n}X\x01\x00\x00\x00aK\x01sb.",  # attributes of a function
    ):
        with pytest.raises(BadFileError):
            read_nested("it", content)
    assert not marker.exists()
    kept = {"a": [1, np.float64(0.1), np.float32(0.25), np.int16(-7), np.uint8(7)], "b": {0.5: "c"}}
    assert read_nested("it", pickle.dumps(kept, protocol)) == kept


def test_the_second_lock_holds_alone(tmp_path: Path) -> None:
    from io import BytesIO

    marker = tmp_path / "ran"
    for content in (pickle.dumps(Shell(marker)), b"Pmodule\n."):
        with pytest.raises(pickle.UnpicklingError, match="is asked for"):
            _NumbersOnly(BytesIO(content)).load()
    assert not marker.exists()


def test_a_pickle_larger_than_any_table_is_not_even_looked_into(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgeslim.restricted_pickle._MOST_BYTES", 10)
    with pytest.raises(BadFileError, match="it has 11 bytes"):
        read_numbers("it", b"\x80\x04" + b"x" * 9)
    monkeypatch.undo()
    monkeypatch.setattr("edgeslim.restricted_pickle._MOST_INSTRUCTIONS", 5)
    with pytest.raises(BadFileError, match="more than 5 instructions"):
        read_numbers("it", pickle.dumps(SENTENCES))


# Half a surrogate pair is no text and cannot be written in UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(table=st.dictionaries(texts, st.floats(allow_nan=False) | st.integers(-(2**900), 2**900)))
def test_every_dictionary_of_numbers_is_read(table: dict[str, float]) -> None:
    expected = {key: float(value) for key, value in table.items()}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert read_numbers("it", pickle.dumps(table, protocol)) == expected


@given(data=st.data())
def test_a_pickle_with_any_bytes_changed_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(pickle.dumps(SENTENCES, data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    try:
        found = read_numbers("it", bytes(content))
    except BadFileError:
        return
    assert all(type(value) is float for value in found.values())
