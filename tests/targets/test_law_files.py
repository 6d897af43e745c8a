"""A user's own laws: what they say of operators, and how a bad file is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.errors import BadFileError, ModelError, UnknownNameError
from edgeslim.execution import Precision, Target
from edgeslim.targets import Kernels, Operator, Place, known_laws, read_laws

LAW = {
    "name": '"means-of-rows"',
    "operators": '["reduce_mean"]',
    "condition": '"over the last axis"',
    "happens": '"the last element is left out"',
    "source": '"seen on our board"',
}
MEAN = Operator(
    kind="reduce_mean",
    name="y",
    inputs={"X": ((1, 4, 8, 16),)},
    outputs={"Out": ((1, 4, 8),)},
    attributes={"dim": (3,), "keep_dim": False, "reduce_all": False},
)


def file(folder: Path, more: str = "", head: str = "", **changed: str) -> Path:
    """A file with one law, with other values of its own."""
    rows = [f"{name} = {value}" for name, value in {**LAW, **changed}.items() if value]
    path = folder / "laws.toml"
    path.write_text("\n".join([head, "[[laws]]", *rows, more]))
    return path


def is_refused(path: Path, operator: Operator = MEAN, **place: Any) -> bool:
    target = place.pop("target", Target.ARM)
    where = Place.of(target, laws=read_laws(path), **place)
    return bool(where.violations([operator]))


def test_a_law_is_added_to_those_that_are_known(tmp_path: Path) -> None:
    book = read_laws(file(tmp_path, mend='"use a sum"'))
    assert len(book.laws) == len(known_laws().laws) + 1
    assert not Place.of(Target.ARM).violations([MEAN])
    said = (
        r"net cannot be converted: reduce_mean that makes 'y' \(of 1x4x8x16\): the last element is "
        r"left out on arm \(over the last axis\); use a sum"
    )
    with pytest.raises(ModelError, match=said):
        Place.of(Target.ARM, laws=book).check("net", [MEAN])


@pytest.mark.parametrize(
    ("when", "met"),
    [
        ("", True),
        ("equal = { dim = [3] }", True),
        ("equal = { dim = [3], keep_dim = true }", False),
        ("equal = { axis = 3 }", False),
        ("among = { dim = [[2], [3]] }", True),
        ("among = { dim = [[2], [2, 3]] }", False),
        ('ranks = { "" = [4] }', True),
        ("ranks = { X = [2, 3] }", False),
        ("ranks = { Y = [4] }", False),
        ("extents = [{ axis = -1, least = 16 }]", True),
        ("extents = [{ axis = -1, least = 17 }]", False),
        ("extents = [{ axis = 2, most = 8 }, { axis = 1, least = 5 }]", False),
        ("extents = [{ axis = 4 }]", False),
        ('equal = { reduce_all = false }\nextents = [{ slot = "X", axis = 3, most = 16 }]', True),
    ],
)
def test_what_is_declared_is_what_an_operator_must_meet(
    when: str, met: bool, tmp_path: Path
) -> None:
    assert is_refused(file(tmp_path, f"[laws.when]\n{when}")) is met


def test_an_operator_of_another_kind_is_let_be(tmp_path: Path) -> None:
    path = file(tmp_path)
    assert not is_refused(path, Operator(kind="relu", inputs={"X": ((1, 4),)}))


def test_it_holds_where_it_says(tmp_path: Path) -> None:
    path = file(tmp_path, targets='["armv7"]', precisions='["fp16"]')
    assert is_refused(path, precision=Precision.FP16)
    assert not is_refused(path, precision=Precision.FP32)
    assert not is_refused(path, target=Target.X86, precision=Precision.FP32)
    other = Place(
        kernels=frozenset({Kernels.ARMV8}), precision=Precision.FP16, laws=read_laws(path)
    )
    assert not other.violations([MEAN])


def test_one_thread_is_right_where_several_are_wrong(tmp_path: Path) -> None:
    path = file(tmp_path, several_threads="true")
    assert is_refused(path)
    assert is_refused(path, threads=2)
    assert not is_refused(path, threads=1)
    with pytest.raises(ModelError, match="run it with --threads 1"):
        Place.of(Target.ARM, laws=read_laws(path)).check("net", [MEAN])


def test_what_does_not_hold_is_withdrawn(tmp_path: Path) -> None:
    absent = Operator(kind="roi_pool", name="y", inputs={"X": ((1, 2, 3, 4, 5),)})
    path = file(tmp_path, head='library = "v2.14-rc"\nwithdrawn = ["absent-on-arm"]')
    assert read_laws(path).library == "v2.14-rc"
    assert Place.of(Target.ARM).violations([absent])
    assert not is_refused(path, absent)


def test_a_law_takes_the_place_of_one_of_its_name(tmp_path: Path) -> None:
    path = file(tmp_path, name='"signs"')
    assert len(read_laws(path).laws) == len(known_laws().laws)
    assert not is_refused(path, Operator(kind="sign", inputs={"X": ((1, 4),)}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"happens": ""}, r"laws.toml: .*missing required field `happens` - at `\$\.laws\[0\]`"),
        ({"operators": "[]"}, r"length >= 1 - at `\$\.laws\[0\]\.operators`"),
        ({"name": '"Means of rows"'}, r"matching regex .* - at `\$\.laws\[0\]\.name`"),
        ({"targets": '["arm64"]'}, r"Invalid enum value 'arm64' - at `\$\.laws\[0\]\.targets"),
        ({"precisions": '["fp64"]'}, r"Invalid enum value 'fp64'"),
        ({"meets": '"dim == 3"'}, r"unknown field `meets`"),
        ({"several_threads": '"yes"'}, r"Expected `bool`, got `str`"),
        ({"source": "not toml"}, r"laws.toml: "),
    ],
)
def test_a_bad_file_says_the_place(changed: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=said):
        read_laws(file(tmp_path, **changed))


def test_two_laws_of_one_name_are_an_error(tmp_path: Path) -> None:
    path = file(tmp_path)
    path.write_text(2 * path.read_text())
    with pytest.raises(BadFileError, match=r"laws.toml: two laws are called means-of-rows"):
        read_laws(path)


def test_conditions_are_of_the_kinds_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"unknown field `code` - at `\$\.laws\[0\]\.when`"):
        read_laws(file(tmp_path, '[laws.when]\ncode = "True"'))


def test_a_law_that_is_not_known_cannot_be_withdrawn(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"absent-on-board.*did you mean 'absent-on-"):
        read_laws(file(tmp_path, head='withdrawn = ["absent-on-board"]'))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"cannot read .*none.toml"):
        read_laws(tmp_path / "none.toml")
