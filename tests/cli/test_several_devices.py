"""One command for several devices."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.cli.profile import pair_devices
from edgeslim.cli.several_devices import without_options
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import encode_hook
from edgeslim.resources import data_folder
from tests.conftest import SMALL_OPERATORS
from tests.program import edgeslim


@pytest.mark.parametrize(
    ("names", "serials", "expected"),
    [
        (["host"], [], [("host", None)]),
        (["a", "b", "a"], [], [("a", None), ("b", None)]),
        (["android"], ["A", "B"], [("android", "A"), ("android", "B")]),
        (["android", "rk3288"], ["A", "B"], [("android", "A"), ("rk3288", "B")]),
    ],
)
def test_names_and_serials_go_together(
    names: list[str], serials: list[str], expected: list[tuple[str, str | None]]
) -> None:
    assert pair_devices(names, serials) == expected


@pytest.mark.parametrize(
    ("names", "serials", "message"),
    [
        (["a", "b"], ["A", "B", "C"], "2 times --device and 3 times --serial"),
        (["a"], ["A", "A"], "each --serial is given once, not A, A"),
    ],
)
def test_names_and_serials_that_do_not_fit_are_refused(
    names: list[str], serials: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        pair_devices(names, serials)


def test_a_command_line_loses_the_options_that_choose_the_device() -> None:
    line = ["profile", "--device", "a", "--device=b", "--space", "s", "--serial", "x", "--json"]
    assert without_options(line, ("--device", "--serial")) == ["profile", "--space", "s"]


@pytest.mark.slow
def test_two_devices_are_measured_at_once_into_a_table_each(tmp_path: Path) -> None:
    host = (data_folder("device_profiles") / "host.toml").read_text()
    (tmp_path / "device_profiles").mkdir()
    for name in ("one", "two"):
        profile = host.replace('name = "host"', f'name = "{name}"')
        (tmp_path / "device_profiles" / f"{name}.toml").write_text(profile)
    operators = tmp_path / "operators.jsonl"
    lines = [msgspec.json.encode(each, enc_hook=encode_hook) for each in SMALL_OPERATORS[:2]]
    operators.write_bytes(b"\n".join(lines))
    ended = edgeslim(
        *("profile", "--device", "one", "--device", "two", "--operators", operators, "--json"),
        folder=tmp_path,
    )
    assert ended.code == 0, ended.err
    documents = ended.document["devices"]
    assert [document["name"] for document in documents] == ["one", "two"]
    for document in documents:
        table = LatencyTable.read(tmp_path / document["table"])
        assert (len(table), table.context.device) == (2, document["name"])
        assert f"{document['name']}: operators" in ended.err


@pytest.mark.slow
def test_a_device_that_fails_costs_the_others_nothing(tmp_path: Path) -> None:
    operators = tmp_path / "operators.jsonl"
    operators.write_bytes(msgspec.json.encode(SMALL_OPERATORS[0], enc_hook=encode_hook))
    ended = edgeslim(
        *("profile", "--device", "host", "--device", "nowhere", "--operators", operators),
        folder=tmp_path,
    )
    assert ended.code == 2
    assert "nowhere: edgeslim: unknown device 'nowhere'" in ended.err
    assert "host: latency_tables/host/" in ended.out
    assert "nowhere: failed" in ended.out


def test_one_table_is_not_for_several_devices(tmp_path: Path) -> None:
    ended = edgeslim(
        *("profile", "--device", "host", "--device", "android", "--space", "light-nas-small"),
        *("--out", "table.jsonl"),
        folder=tmp_path,
    )
    assert ended.code == 2
    assert "--out table.jsonl is one table; of several devices each has its own" in ended.err
