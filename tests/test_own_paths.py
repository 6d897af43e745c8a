"""Tests of texts without the folders that name a user's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.own_paths import hide_own_paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{work}/runs/a", "runs/a"),
        (
            "edgeslim deploy {work}/net --table {home}/t.jsonl",
            "edgeslim deploy net --table ~/t.jsonl",
        ),
        ("saved in {work}", "saved in ."),
        ("saved in {work}/", "saved in ./"),
        ('"{home}"', '"~"'),
        ("<td>{home}/net.nb</td>", "<td>~/net.nb</td>"),
        ("--out={work}/x", "--out=x"),
        ("{home}2/net", "{home}2/net"),
        ("/data{home}/net", "/data{home}/net"),
        ("net", "net"),
    ],
)
def test_own_folders_are_shortened(
    text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "anna"
    work = home / "own work"
    work.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(work)
    found = hide_own_paths(text.format(work=work, home=home))
    assert found == expected.format(work=work, home=home)


def test_root_is_no_folder_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    monkeypatch.chdir("/")
    assert hide_own_paths("/data/net and /") == "/data/net and /"
