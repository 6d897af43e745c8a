"""Files against kills, full disks and many writers."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import BadFileError, UnwritableError
from edgeslim.files import (
    AppendOnlyFile,
    new_folder,
    read_json,
    read_toml,
    replace_folder,
    shorten_home,
    temporary_folder,
    write_bytes,
    write_files,
    write_json,
)
from tests.tools import run_python


class Point(msgspec.Struct):
    x: int
    names: list[str] = []


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


KILL_WRITERS = """
import os, random, signal, sys, time
from pathlib import Path
from edgeslim.files import write_bytes

path, size = Path(sys.argv[1]), 2_000_000
write_bytes(path, b"0" * size)
interrupted = 0
for kill in range(30):
    begun, begins = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.write(begins, b"1")
        number = kill
        while True:
            number += 1
            write_bytes(path, str(number % 10).encode() * size)
    os.read(begun, 1)
    os.close(begun), os.close(begins)
    time.sleep(random.uniform(0.002, 0.03))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    interrupted += any(each.name.endswith(".part") for each in path.parent.iterdir())
    content = path.read_bytes()
    assert len(content) == size, len(content)
    assert content == content[:1] * size, "two writers' contents are mixed"
write_bytes(path, b"done")
print(interrupted)
"""


def test_a_killed_writer_leaves_the_old_content_or_the_new_and_the_next_one_tidies_up(
    tmp_path: Path,
) -> None:
    interrupted = int(run_python(KILL_WRITERS, tmp_path / "file"))
    assert interrupted > 0, "no writer was killed in the middle"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"done"


def test_writers_at_the_same_time_do_not_take_each_other_for_dead(tmp_path: Path) -> None:
    run_python(
        """
import os, sys
from pathlib import Path
from edgeslim.files import write_bytes

writers = []
for number in range(4):
    writer = os.fork()
    if writer == 0:
        for _ in range(25):
            write_bytes(Path(sys.argv[1]), str(number).encode() * 100)
        os._exit(0)
    writers.append(writer)
assert [os.waitpid(writer, 0)[1] for writer in writers] == [0] * 4
""",
        tmp_path / "file",
    )
    content = (tmp_path / "file").read_bytes()
    assert content == content[:1] * 100
    assert parts(tmp_path) == []


def test_only_the_parts_of_the_same_file_are_removed(tmp_path: Path) -> None:
    for name in (".mine.abc.part", ".other.abc.part", ".mine.notes", "mine.part"):
        (tmp_path / name).touch()
    write_bytes(tmp_path / "mine", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".mine.notes",
        ".other.abc.part",
        "mine",
        "mine.part",
    ]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from edgeslim.errors import UnwritableError
from edgeslim.files import AppendOnlyFile, write_bytes, write_files

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    {action}
except UnwritableError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_content_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    message = run_python(FULL_DISK.format(action="write_bytes(path, b'n' * 100_000)"), path)
    assert message == f"cannot write {path}: File too large\n"
    assert path.read_bytes() == b"old"
    assert parts(tmp_path) == []


def test_files_that_belong_together_are_all_written_or_none(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write_files({one: b"old", other: b"old"})
    write_files({one: b"older", other: b""})
    assert (one.read_bytes(), other.read_bytes()) == (b"older", b"")
    action = "write_files({path: b'n', path.with_name('other'): b'n' * 100_000})"
    message = run_python(FULL_DISK.format(action=action), one)
    assert message == f"cannot write {other}: File too large\n"
    assert (one.read_bytes(), other.read_bytes()) == (b"older", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnwritableError, match=r"cannot write .*folder: Is a directory"):
        write_files({one: b"new", tmp_path / "folder": b"new"})
    assert one.read_bytes() == b"older"
    assert parts(tmp_path) == []


@pytest.mark.parametrize("size", [100_000, 49_000, 3_000])
def test_lines_that_meet_a_full_disk_leave_the_table_as_it_was(tmp_path: Path, size: int) -> None:
    path = tmp_path / "table"
    old = b"x" * 48_000 + b"\n"
    path.write_bytes(old)
    action = f"AppendOnlyFile(path).append(b'short', b'n' * {size})"
    message = run_python(FULL_DISK.format(action=action), path)
    assert message == f"cannot write {path}: File too large\n"
    assert path.read_bytes() == old


def test_a_place_that_takes_no_files_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "folder" / "name"
    for write in (
        lambda: write_bytes(below, b""),
        lambda: write_json(below, {}),
        lambda: AppendOnlyFile(below).append(b"line"),
        lambda: AppendOnlyFile(below).create(b"line"),
        lambda: new_folder(below),
        lambda: write_bytes(Path("/proc/edgeslim"), b""),
        lambda: new_folder(Path("/proc/edgeslim/folder")),
    ):
        with pytest.raises(UnwritableError, match=r"^cannot write [^\n]*: \w[^\n]*$"):
            write()
    with pytest.raises(UnwritableError), temporary_folder(near=below):
        pass
    with pytest.raises(UnwritableError, match="Is a directory"):
        write_bytes(tmp_path, b"")
    assert parts(tmp_path.parent) == []


def test_documents_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "point.json", Point(x=3, names=["é", "\u2028"]))
    assert read_json(tmp_path / "deep" / "point.json", Point) == Point(x=3, names=["é", "\u2028"])
    assert json.loads((tmp_path / "deep" / "point.json").read_text())["x"] == 3
    (tmp_path / "point.toml").write_text("x = 4")
    assert read_toml(tmp_path / "point.toml", Point) == Point(x=4)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'{"x": "3"}', r"at `\$\.x`"),
        (b'{"x": 3, "names": ["a", 4]}', r"at `\$\.names\[1\]`"),
        (b"{}", "missing required field `x`"),
        (b"", "truncated"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_a_bad_document_says_file_and_place(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "point.json"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=rf"point\.json: .*{place}"):
        read_json(path, Point)


def test_a_document_that_is_not_there_or_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"cannot read .*none\.toml: No such file"):
        read_toml(tmp_path / "none.toml", Point)
    with pytest.raises(BadFileError, match="Is a directory"):
        read_json(tmp_path, Point)
    (tmp_path / "bad.toml").write_text("x = = 3")
    with pytest.raises(BadFileError, match=r"bad\.toml: "):
        read_toml(tmp_path / "bad.toml", Point)


def test_a_finished_folder_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    for name in ("old", "new"):
        folder = new_folder(tmp_path / name)
        (folder / name).touch()
        replace_folder(folder, tmp_path / "runs" / "final")
        assert not folder.exists()
    assert [path.name for path in (tmp_path / "runs" / "final").iterdir()] == ["new"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["final"]


def test_a_folder_that_cannot_be_moved_leaves_the_older_one(tmp_path: Path) -> None:
    target = new_folder(tmp_path / "target")
    (target / "old").touch()
    with pytest.raises(UnwritableError):
        replace_folder(tmp_path / "none", target)
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "old"]


def test_a_temporary_folder_is_gone_afterwards_whatever_happens(tmp_path: Path) -> None:
    def fail() -> None:
        with temporary_folder(near=tmp_path / "deep") as folder:
            (folder / "file").touch()
            assert [path.name for path in (tmp_path / "deep").iterdir()] == [folder.name]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list((tmp_path / "deep").iterdir()) == []


def test_lines_are_added_after_a_first_one(tmp_path: Path) -> None:
    file = AppendOnlyFile(tmp_path / "deep" / "lines")
    assert file.create(b"first")
    assert not file.create(b"other")
    file.append(b"second", b"third\n")
    file.append()
    assert file.lines() == ([b"first", b"second", b"third"], False)


@pytest.mark.parametrize("rest", [b"{", b"x" * 4096, b"x" * 10_000, b"\0" * 5])
def test_an_incomplete_last_line_is_reported_and_then_cut_off(tmp_path: Path, rest: bytes) -> None:
    file = AppendOnlyFile(tmp_path / "lines")
    file.path.write_bytes(b"first\nsecond\n" + rest)
    assert file.lines() == ([b"first", b"second"], True)
    assert not file.create(b"first")
    file.append(b"third")
    assert file.lines() == ([b"first", b"second", b"third"], False)


def test_a_first_line_that_a_killed_writer_left_incomplete_is_written_again(tmp_path: Path) -> None:
    file = AppendOnlyFile(tmp_path / "lines")
    line = b'{"row":"context","device":"host"}'
    for end in range(len(line) + 1):
        file.path.write_bytes(line[:end])
        assert file.create(line)
        assert file.lines() == ([line], False)


@pytest.mark.parametrize("content", [b"a photograph", b"\x89PNG", b'{"row":"contest"', b"notes\n"])
def test_a_file_of_someone_else_is_not_taken_for_a_beginning(
    tmp_path: Path, content: bytes
) -> None:
    file = AppendOnlyFile(tmp_path / "file")
    file.path.write_bytes(content)
    assert not file.create(b'{"row":"context"}')
    assert file.path.read_bytes() == content


def test_lines_of_a_file_that_is_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="No such file"):
        AppendOnlyFile(tmp_path / "none").lines()


MANY_WRITERS = """
import os, sys
from pathlib import Path
from edgeslim.files import AppendOnlyFile

writers = []
for letter in "abcdef":
    writer = os.fork()
    if writer == 0:
        file = AppendOnlyFile(Path(sys.argv[1]))
        file.create(b"first")
        for number in range(15):
            size = 1 + number * 2_000
            file.append(f"{letter} {number} ".encode() + letter.encode() * size, b"second")
        os._exit(0)
    writers.append(writer)
assert [os.waitpid(writer, 0)[1] for writer in writers] == [0] * 6
"""


def test_many_processes_at_once_lose_no_line_and_mix_none(tmp_path: Path) -> None:
    run_python(MANY_WRITERS, tmp_path / "lines")
    lines, truncated = AppendOnlyFile(tmp_path / "lines").lines()
    assert not truncated
    assert lines[0] == b"first"
    assert lines[2::2] == [b"second"] * 90
    heads = [line.rsplit(b" ", 1) for line in lines[1::2]]
    assert sorted(head for head, _ in heads) == sorted(
        f"{letter} {number}".encode() for letter in "abcdef" for number in range(15)
    )
    for head, tail in heads:
        letter, number = head.split()
        assert tail == letter * (1 + int(number) * 2_000)


def test_a_mark_of_windows_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfname = 'x'\r\n")
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"name": "x"}')
    assert read_toml(tmp_path / "a.toml", dict[str, str]) == {"name": "x"}
    assert read_json(tmp_path / "a.json", dict[str, str]) == {"name": "x"}


def test_the_name_of_the_user_stays_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))
    assert shorten_home(tmp_path / "somebody" / "work" / "net") == "~/work/net"
    assert shorten_home(tmp_path / "somebody") == "~"
    assert shorten_home(tmp_path / "somebody-else") == str(tmp_path / "somebody-else")
