"""Configuration files of the original schema and of ours, and everything that can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.configuration_checks import read_configuration
from edgeslim.compression.strategies import STRATEGIES
from edgeslim.compression.timeline import timeline
from edgeslim.errors import BadFileError, EdgeslimError, UsageError
from tests.compression.files import ORIGINAL, write
from tests.tools import PROJECT

CONFIGS = sorted((PROJECT / "configs").glob("*.yaml"))


def read(folder: Path, text: str = ORIGINAL, *overrides: str) -> Configuration:
    return read_configuration(write(folder, text), overrides)


def test_the_originals_schema_is_read(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.compressor.epoch, found.compressor.eval_epoch) == (142, 2)
    assert list(found.strategies) == ["u", "d", "q"]
    assert found.pruners["p1"].criterion == "l1"
    assert found.controllers["sa"].init_temperature == 100
    assert vars_of(found.strategies["q"])["weight_quantize_type"] == "abs_max"
    assert {name: type(each).__name__ for name, each in found.distillers.items()} == {
        "l2": "L2Distiller",
        "fsp": "FSPDistiller",
        "soft": "SoftLabelDistiller",
    }


def vars_of(struct: object) -> dict[str, object]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}  # type: ignore[attr-defined]


def test_keys_of_the_old_tool_alone_are_said_to_do_nothing(tmp_path: Path) -> None:
    notes = read(tmp_path).notes
    for key in ("q.mobile_model_save_path", "q.save_in_nodes", "q.save_out_nodes"):
        assert any(note.startswith(f"strategies.{key} has no effect: ") for note in notes), key
    assert any(note.startswith("controllers.sa.max_iter_number has no effect") for note in notes)
    assert not any("weight_bits" in note or "target_ratio" in note for note in notes)


@pytest.mark.parametrize("path", CONFIGS, ids=[each.stem for each in CONFIGS])
def test_every_example_has_a_timeline(path: Path) -> None:
    found = read_configuration(path)
    assert timeline(found).spans
    assert found.notes == ()


def test_there_is_an_example_of_each_of_the_originals() -> None:
    assert len(CONFIGS) == 8
    used = {type(each) for path in CONFIGS for each in read_configuration(path).strategies.values()}
    ours = {"LatencyPruneStrategy", "PostTrainingQuantizationStrategy"}
    members = STRATEGIES.members().values()
    assert used == {each.settings for each in members if each.class_name not in ours}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("weight_bits: 8,", "weight_bitz: 8,", "strategies.q.weight_bitz: unknown key"),
        ("weight_bits: 8,", "weight_bits: four,", "strategies.q.weight_bits: expected `int`"),
        ("start_epoch: 121", "start_epoch: -1", "strategies.q.start_epoch: expected `int` >= 0"),
        ("weight_quantize_type: abs_max", "weight_quantize_type: absmax", "did you mean 'abs_max'"),
        ("UniformPruneStrategy", "UniformPruneStrateg", "did you mean 'UniformPruneStrategy'"),
        ("StructurePruner", "StructuredPruner", "pruners.p1.class: unknown class"),
        ("pruner: p1", "pruner: p2", "strategies.u.pruner: unknown pruner 'p2'; did you mean 'p1'"),
        ("distillers: [l2,", "distillers: [l3,", "strategies.d.distillers: unknown distiller 'l3'"),
        ("strategies: [u,", "strategies: [uu,", "compressor.strategies: unknown strategy 'uu'"),
        ("strategies: [u,", "strategies: [u, u,", "compressor.strategies: names a strategy twice"),
        ("epoch: 142", "epoch: 0", "compressor.epoch: expected `int` >= 1"),
        ("epoch: 142", "epochs: 142", "compressor.epochs: unknown key 'epochs'; did you mean"),
        ("epoch: 142,", "", "compressor: object missing required field `epoch`"),
        ("compressor:", "compresor:", "unknown section 'compresor'; did you mean 'compressor'"),
        ("version: 1.0", "version: 2", "version must be 1.0"),
        ("'*': 0", "'*': 1", "pruners.p1.pruning_axis"),
        ("[[a, b]]", "[[a]]", "distillers.fsp.teacher_pairs.0: expected `array`"),
        ("{class: SAController, ", "{", "controllers.sa: has no class; known: SAController"),
        ("target_ratio: 0.5", "target_ratio: 1.5", "strategies.u.target_ratio: expected"),
        ("target_ratio: 0.5", "target_ratio: 0.5, target_ratio: 0.4", "is there twice"),
        ("version: 1.0", "version: [1.0", "is no YAML"),
        ("version: 1.0", "version: !!python/object/apply:os.system [ls]", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in ORIGINAL
    with pytest.raises(BadFileError) as caught:
        read(tmp_path, ORIGINAL.replace(old, new, 1))
    assert str(tmp_path / "c.yaml") in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "3", "a: b", "compressor: 3", "&a [*a]"])
def test_what_is_no_configuration(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFileError, match=r"c\.yaml"):
        read(tmp_path, text)


def test_a_missing_file() -> None:
    with pytest.raises(BadFileError, match=r"nowhere\.yaml"):
        read_configuration(Path("nowhere.yaml"))


def test_an_included_file_gives_way_and_is_named_in_errors(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    base = write(tmp_path / "more", ORIGINAL, "base.yaml")
    text = """
include: [more/base.yaml]
strategies: {u: {class: UniformPruneStrategy, target_ratio: 0.25}}
compressor: {epoch: 3, strategies: [u]}
"""
    found = read(tmp_path, text)
    assert found.strategies["u"].target_ratio == 0.25  # type: ignore[attr-defined]
    assert (found.compressor.epoch, found.compressor.checkpoint_path) == (3, "./ckpt/")
    base.write_text(ORIGINAL.replace("weight_bits", "weight_bitz"))
    with pytest.raises(BadFileError, match=r"more/base\.yaml: strategies\.q\.weight_bitz"):
        read(tmp_path, text)


def test_files_that_include_each_other(tmp_path: Path) -> None:
    write(tmp_path, "include: [c.yaml]", "other.yaml")
    with pytest.raises(
        BadFileError, match=r"include each other: c\.yaml -> other\.yaml -> c\.yaml"
    ):
        read(tmp_path, "include: [other.yaml]\n" + ORIGINAL)


@pytest.mark.parametrize(
    ("override", "place", "value"),
    [
        ("strategies.q.weight_bits=4", "strategies.q.weight_bits", 4),
        ("strategies.u.target_ratio=3e-1", "strategies.u.target_ratio", 0.3),
        ("pruners.p1.criterions.*=l2_norm", "pruners.p1.criterion", "l2"),
        ("pruners.p1.criterions.conv*=l2_norm", "pruners.p1.criterion", "*=l1,conv*=l2"),
        ("distillers.fsp.student_pairs.0.1=x", "distillers.fsp.student_pairs", (("c", "x"),)),
        ("strategies.d.distillers=[soft]", "strategies.d.distillers", ("soft",)),
    ],
)
def test_any_key_can_be_overridden(
    tmp_path: Path, override: str, place: str, value: object
) -> None:
    section, name, key = place.split(".")
    entries = getattr(read(tmp_path, ORIGINAL, override), section)
    assert getattr(entries[name], key) == value


def test_the_last_override_wins(tmp_path: Path) -> None:
    found = read(tmp_path, ORIGINAL, "compressor.epoch=150", "compressor.epoch=160")
    assert found.compressor.epoch == 160


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("strategies.q.weight_bitz=4", "did you mean 'weight_bits'"),
        ("strategies.q.weight_bits=four", "expected `int`, got `str`"),
        ("strategies.qq.weight_bits=4", "did you mean 'q'"),
        ("strategies.q.weight_bits.x=4", "has no keys"),
        ("distillers.fsp.student_pairs.7=4", "'7' is no index of a list of 1"),
        ("strategy.q.weight_bits=4", "did you mean 'strategies'"),
        ("weight_bits=4", "is no override"),
        ("strategies.q.weight_bits", "is no override"),
        ("strategies..q=4", "is no override"),
        ("compressor.epoch=[", "is no YAML"),
    ],
)
def test_wrong_overrides_are_wrong_usage(tmp_path: Path, override: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, ORIGINAL, override)
    assert override.partition("=")[0] in str(caught.value)
    assert says in str(caught.value)


def test_options_of_the_command_line_are_checked_as_keys(tmp_path: Path) -> None:
    file = write(tmp_path, ORIGINAL)
    assert read_configuration(file, options={"seed": 3, "task": None}).compressor.seed == 3
    with pytest.raises(UsageError, match=r"compressor\.batch_size: expected `int` >= 1"):
        read_configuration(file, options={"batch_size": 0})


def test_strategies_that_are_not_used_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, ORIGINAL.replace("[u, d, q]", "[u]"))
    assert "strategies.d is not in compressor.strategies" in found.notes


UNASKED = """
pruners: {p: {class: StructurePruner}, own: {class: StructurePruner}}
controllers: {sa: {class: SAController}}
strategies:
  u: {class: UniformPruneStrategy, pruner: own}
  n: {class: LightNASStrategy}
compressor: {epoch: 2, strategies: [u], init_model: a, model: b, pretrained: c, teacher: d,
             table: e, device: f}
"""


def test_what_nothing_asks_for_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, UNASKED).notes == (
        "strategies.n is not in compressor.strategies",
        "pruners.p has no effect: no strategy names it",
        "controllers.sa has no effect: no strategy names it",
        "compressor.model has no effect: init_model is used instead",
        "compressor.pretrained has no effect: init_model is used instead",
        "compressor.teacher has no effect: no strategy uses it",
        "compressor.table has no effect: no strategy uses it",
        "compressor.device has no effect: no strategy uses it",
    )
    searched = read(tmp_path, UNASKED, "compressor.strategies=[n]").notes
    assert "compressor.init_model has no effect: strategies.n makes the network" in searched
    assert not any("table" in each for each in searched)


@pytest.mark.parametrize("depth", [50, 2000])
@pytest.mark.slow
def test_deep_nesting_is_no_crash(tmp_path: Path, depth: int) -> None:
    with pytest.raises(EdgeslimError):
        read(tmp_path, "compressor: " + "[" * depth + "]" * depth)
