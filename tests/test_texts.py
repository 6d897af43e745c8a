from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import BadFileError
from edgeslim.texts import read_lines

LINES = ["cat", "", "кошка 猫", "собака"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_unicode_and_any_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    (tmp_path / "a").write_bytes(mark + end.join(LINES).encode(encoding))
    assert read_lines(tmp_path / "a") == LINES


def test_what_ends_no_line(tmp_path: Path) -> None:
    """Characters that Python's ``splitlines`` would split at are letters of a name."""
    (tmp_path / "a").write_bytes("a\x1cb\u2028c\x85d\x0ce\n".encode())
    assert read_lines(tmp_path / "a") == ["a\x1cb\u2028c\x85d\x0ce", ""]


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1251", "кошка"), ("gb18030", "猫和狗"), ("cp932", "ねこ")]
)
def test_a_national_encoding_is_the_one_that_fits(encoding: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(f"one\n{word}\n".encode(encoding))
    assert read_lines(tmp_path / "a", lambda text: word in text) == ["one", word, ""]
    with pytest.raises(BadFileError, match=r"is not text in UTF-8: .* at byte .*iconv -f"):
        read_lines(tmp_path / "a")
