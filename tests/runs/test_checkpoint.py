"""Checkpoints: which is the newest, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.errors import BadFileError
from edgeslim.files import write_bytes
from edgeslim.runs.checkpoint import (
    CheckpointContext,
    EpochRecord,
    newest_checkpoint,
    read_arrays,
    write_checkpoint,
)


def checkpoint(folder: Path, epoch: int, *, name: str = "") -> Path:
    own = folder / (name or str(epoch))
    write_bytes(own / "eval_model" / "model.pdmodel", b"program")
    context = CheckpointContext(
        epoch=epoch, model="m", data="d", fixed={}, history=(EpochRecord(epoch=epoch),)
    )
    write_checkpoint(own, context, {"state/0": np.arange(3, dtype=np.float32)})
    return own


def test_the_newest_by_number_not_by_text(tmp_path: Path) -> None:
    for epoch in (2, 10, 9):
        checkpoint(tmp_path, epoch)
    found, skipped = newest_checkpoint(tmp_path)
    assert found is not None
    assert (found.context.epoch, skipped) == (10, [])
    assert np.array_equal(read_arrays(found.state)["state/0"], [0, 1, 2])


def test_none(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "nowhere") == (None, [])
    assert newest_checkpoint(tmp_path) == (None, [])


@pytest.mark.parametrize("name", ["strategies", ".edgeslim.x", "3.old", "-4", "best", "07", "³"])
def test_what_is_called_by_no_number_is_no_concern(tmp_path: Path, name: str) -> None:
    checkpoint(tmp_path, 1)
    (tmp_path / name).mkdir()
    found, _ = newest_checkpoint(tmp_path)
    assert found is not None
    assert found.context.epoch == 1


def spoil(folder: Path, how: str) -> None:
    match how:
        case "foreign":
            (folder / "context.json").rename(folder / "context")
        case "no JSON":
            (folder / "context.json").write_text("{")
        case "flipped":
            content = bytearray((folder / "state.npz").read_bytes())
            content[len(content) // 2] ^= 1
            (folder / "state.npz").write_bytes(bytes(content))
        case "missing":
            (folder / "eval_model" / "model.pdmodel").unlink()
        case "format":
            text = (folder / "context.json").read_text()
            (folder / "context.json").write_text(text.replace('"format": 1', '"format": 9'))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("foreign", "is no checkpoint of edgeslim: it has no context.json"),
        ("no JSON", "is a broken checkpoint"),
        ("flipped", "state.npz was changed or damaged"),
        ("missing", "model.pdmodel"),
        ("format", "has format 9"),
    ],
)
def test_a_broken_or_foreign_one_is_named_and_skipped_only_if_asked(
    tmp_path: Path, how: str, says: str
) -> None:
    checkpoint(tmp_path, 1)
    spoil(checkpoint(tmp_path, 2), how)
    with pytest.raises(BadFileError) as caught:
        newest_checkpoint(tmp_path)
    assert str(tmp_path / "2") in str(caught.value)
    assert says in str(caught.value)
    assert "--skip-broken" in str(caught.value)
    found, skipped = newest_checkpoint(tmp_path, skip_broken=True)
    assert found is not None
    assert found.context.epoch == 1
    assert len(skipped) == 1
    assert says in skipped[0]


def test_a_copied_folder_is_another_epochs(tmp_path: Path) -> None:
    checkpoint(tmp_path, 1, name="5")
    with pytest.raises(BadFileError, match="says that it is 1"):
        newest_checkpoint(tmp_path)


def test_nothing_pickled_is_read(tmp_path: Path) -> None:
    file = tmp_path / "state.npz"
    with file.open("wb") as stream:
        np.savez(stream, evil=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BadFileError, match="damaged"):
        read_arrays(file)
