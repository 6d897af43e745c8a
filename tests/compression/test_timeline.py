"""Which strategies are active when, and timelines that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.configuration_checks import read_configuration
from edgeslim.compression.timeline import Timeline, describe_unfinished, timeline
from edgeslim.errors import UsageError
from tests.compression.files import write

CLASSES = {
    "u": "class: UniformPruneStrategy",
    "s": "class: SensitivePruneStrategy, num_steps: 2",
    "t": "class: SensitivePruneStrategy",
    "l": "class: LatencyPruneStrategy, target_latency: 20ms, num_steps: 2",
    "a": "class: AutoPruneStrategy",
    "d": "class: DistillationStrategy, distillers: [l2]",
    "q": "class: QuantizationStrategy",
    "p": "class: PostTrainingQuantizationStrategy",
    "n": "class: LightNASStrategy",
}


def line(folder: Path, epochs: int, **strategies: str) -> Timeline:
    """The timeline of strategies with some keys, called as their classes are above."""
    return timeline(read(folder, epochs, **strategies))


def read(folder: Path, epochs: int, **strategies: str) -> Configuration:
    entries = "\n".join(
        f"  {name}: {{{CLASSES[name[0]]}{', ' if keys else ''}{keys}}}"
        for name, keys in strategies.items()
    )
    text = f"""
distillers: {{l2: {{class: L2Distiller, student_feature_map: a, teacher_feature_map: b}}}}
strategies:
{entries}
compressor: {{epoch: {epochs}, strategies: [{", ".join(strategies)}]}}
"""
    return read_configuration(write(folder, text))


@pytest.mark.parametrize(
    ("name", "keys", "first", "last"),
    [
        ("u", "start_epoch: 2", 2, 2),
        ("s", "start_epoch: 2, end_epoch: 5", 2, 5),
        ("t", "start_epoch: 2", 2, 2),
        ("s", "", 0, 9),
        ("l", "start_epoch: 1, end_epoch: 4", 1, 4),
        ("a", "start_epoch: 1, end_epoch: 10", 1, 9),
        ("d", "end_epoch: 4", 0, 3),
        ("d", "", 0, 9),
        ("q", "start_epoch: 3", 3, 9),
        ("q", "start_epoch: 3, end_epoch: 8", 3, 8),
        ("p", "", 9, 9),
        ("n", "end_epoch: 500", 0, 0),
    ],
)
def test_spans(tmp_path: Path, name: str, keys: str, first: int, last: int) -> None:
    found = line(tmp_path, 10, **{name: keys})
    assert (found.spans[name].first, found.spans[name].last) == (first, last)


@given(start=st.integers(0, 8), length=st.integers(1, 9), quantized=st.integers(0, 9))
def test_a_strategy_begins_and_ends_once_and_is_active_between(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, quantized: int
) -> None:
    end = min(10, start + length)
    found = line(
        tmp_path_factory.mktemp("line"),
        10,
        d=f"start_epoch: {start}, end_epoch: {end}",
        q=f"start_epoch: {quantized}",
    )
    assert [epoch for epoch in range(10) if "d" in found.active(epoch)] == list(range(start, end))
    assert (found.spans["d"].first, found.spans["d"].last) == (start, end - 1)
    assert [epoch for epoch in range(10) if "q" in found.active(epoch)] == list(
        range(quantized, 10)
    )


@pytest.mark.parametrize(
    ("strategies", "says"),
    [
        ({"u": "start_epoch: 10"}, "strategies.u.start_epoch is 10, and the last of compressor"),
        ({"q": "end_epoch: 10"}, "strategies.q.end_epoch is 10, and the last of"),
        ({"d": "start_epoch: 5, end_epoch: 4"}, "strategies.d.end_epoch is 4, before its start"),
        ({"d": "start_epoch: 5, end_epoch: 5"}, "strategies.d.end_epoch: it ends at epoch 5"),
        ({"a": "end_epoch: 11"}, "strategies.a.end_epoch is 11"),
        ({"q": "start_epoch: 2", "u": "start_epoch: 2"}, "quantization must be last"),
        ({"u": "start_epoch: 7", "q": "start_epoch: 2"}, "quantization must be last"),
        ({"s": "", "q": "start_epoch: 8"}, "strategies.s still changes the network at epoch 9"),
        ({"q": "", "p": ""}, "quantizes the network already"),
        ({"q": "", "q2": "start_epoch: 3"}, "quantizes the network already"),
        ({"u": "", "u2": ""}, "overlap"),
        ({"s": "end_epoch: 4", "u": "start_epoch: 3"}, "overlap"),
        ({"a": "end_epoch: 4", "d": "start_epoch: 3"}, "overlap"),
        ({"a": "end_epoch: 4", "u": "start_epoch: 3"}, "overlap"),
        ({"n": "start_epoch: 3", "u": ""}, "before the network that strategies.n searches for"),
    ],
)
def test_timelines_that_cannot_be(tmp_path: Path, strategies: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        line(tmp_path, 10, **strategies)
    assert says in str(caught.value)
    assert str(tmp_path / "c.yaml") in str(caught.value)


@pytest.mark.parametrize(
    "strategies",
    [
        {"u": "", "d": "end_epoch: 9", "q": "start_epoch: 9"},
        {"u": "", "u2": "start_epoch: 4", "q": "start_epoch: 5"},
        {"a": "end_epoch: 4", "u": "start_epoch: 4", "p": ""},
        {"n": "", "u": "start_epoch: 0"},
        {"d": "", "q": "start_epoch: 5"},
    ],
)
def test_timelines_that_can_be(tmp_path: Path, strategies: dict[str, str]) -> None:
    assert set(line(tmp_path, 10, **strategies).spans) == set(strategies)


@pytest.mark.parametrize(
    ("strategies", "says"),
    [
        ({"a": "end_epoch: 10"}, "strategies.a: in epochs 0 to 9 candidates are evaluated but not"),
        ({"a": ""}, "and no epoch follows: the network that is chosen is never trained"),
        ({"a": "end_epoch: 9"}, ""),
        ({"a": "end_epoch: 10, retrain_epoch: 5"}, ""),
        ({"a": "end_epoch: 10, retrain_epoch: 10, init_tokens: [1]"}, ""),
        ({"a": "end_epoch: 10, retrain_epoch: 4"}, "the last candidate gets 2, and not the 4"),
        ({"a": "end_epoch: 3, retrain_epoch: 5"}, "the last candidate gets 3, and not the 5"),
        ({"u": "start_epoch: 9"}, "strategies.u: it may prune the network at epoch 9, the last"),
        ({"s": ""}, "strategies.s: it may prune the network at epoch 9, the last"),
        ({"l": "end_epoch: 9"}, "strategies.l: it may prune the network at epoch 9, the last"),
        ({"s": "end_epoch: 8", "u": "start_epoch: 9"}, "strategies.u: it may prune"),
        ({"t": "start_epoch: 3"}, ""),
        ({"q": "end_epoch: 6, float_model_save_path: f"}, "f is written at the end of epoch 6"),
        ({"q": "end_epoch: 9, float_model_save_path: f"}, ""),
        ({"q": "end_epoch: 6"}, ""),
        ({"p": "float_model_save_path: f"}, ""),
        ({"d": "end_epoch: 10"}, ""),
        ({"n": ""}, ""),
    ],
)
def test_what_a_timeline_leaves_undone_is_said(
    tmp_path: Path, strategies: dict[str, str], says: str
) -> None:
    found = describe_unfinished(read(tmp_path, 10, **strategies))
    assert len(found) == bool(says)
    assert not says or says in found[0]


def test_one_epoch_is_the_last_and_trains(tmp_path: Path) -> None:
    assert describe_unfinished(read(tmp_path, 1, u="")) == ()
