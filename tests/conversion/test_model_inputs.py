"""The user's own inputs: read, fitted to a model, or refused in one line."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_inputs import (
    check_input_types,
    fit_inputs,
    make_noise,
    read_given,
    runner_inputs,
    write_inputs,
)
from edgeslim.errors import BadFileError, ModelError
from edgeslim.graph import Graph

ONE = Graph(nodes=(), feeds={"image": (1, 3, 4, 4)}, fetches=("y",), parameters={})
WORDS = Graph(
    nodes=(),
    feeds={"words": (2, 5), "mask": (2, 5), "scale": (2, 1)},
    fetches=("y",),
    parameters={},
    feed_types={"words": "int64", "mask": "bool"},
    feed_bounds={"words": 10},
)
IMAGE = np.linspace(-1, 1, 48, dtype=np.float32).reshape(1, 3, 4, 4)


def given_words(**others: Any) -> dict[str, Any]:
    return {
        "words": np.arange(10).reshape(2, 5),
        "mask": np.ones((2, 5), bool),
        "scale": np.ones((2, 1), np.float32),
        **others,
    }


@pytest.mark.parametrize(
    "array",
    [IMAGE, IMAGE[0], IMAGE.astype(np.float64), IMAGE.astype(">f4"), np.asfortranarray(IMAGE)],
    ids=["as it is", "without the batch", "double", "big-endian", "Fortran"],
)
def test_the_only_input_needs_no_name(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    given = fit_inputs(read_given(tmp_path / "a.npy"), ONE, "net")
    (found,) = given.arrays.values()
    assert (list(given.arrays), found.dtype, found.flags.c_contiguous) == (["image"], "float32", 1)
    np.testing.assert_array_equal(found, IMAGE)


def test_several_inputs_are_found_by_name_and_come_in_the_model_s_order(tmp_path: Path) -> None:
    arrays = given_words(words=np.arange(10, dtype=np.int16).reshape(2, 5))
    np.savez(tmp_path / "a.npz", **dict(reversed(arrays.items())))
    given = fit_inputs(read_given(tmp_path / "a.npz"), WORDS, "net")
    assert {name: array.dtype.name for name, array in given.arrays.items()} == {
        "words": "int64",
        "mask": "bool",
        "scale": "float32",
    }
    assert list(given.arrays) == list(WORDS.feeds)
    np.testing.assert_array_equal(given.arrays["words"], np.arange(10).reshape(2, 5))
    files = write_inputs(given, tmp_path, "net")
    described = runner_inputs(WORDS, files)
    assert [(described_input.dtype, described_input.file) for described_input in described] == [
        ("int64", "net.given0.npy"),
        ("bool", "net.given1.npy"),
        ("float32", "net.given2.npy"),
    ]
    for name, path in files.items():
        np.testing.assert_array_equal(np.load(path), given.arrays[name])


WRONG: Mapping[str, tuple[dict[str, Any], str]] = {
    "shape": (
        given_words(words=np.zeros((2, 6), int)),
        r"'words' has shape \[2, 6\] and net reads",
    ),
    "floats": (given_words(words=np.zeros((2, 5))), r"'words' holds float64 and net reads int64; "),
    "truth": (given_words(mask=np.ones((2, 5), int)), r"'mask' holds int64 and net reads bool; "),
    "integers": (given_words(scale=np.ones((2, 1), int)), r"'scale' holds int64 and net reads"),
    "nan": (given_words(scale=np.full((2, 1), np.nan)), "'scale' has values that are not finite"),
    "too large": (given_words(scale=np.full((2, 1), 1e300)), "that float32 does not hold"),
    "row": (given_words(words=np.full((2, 5), 10)), "'words' has 10 where net chooses from 0 to 9"),
    "negative": (given_words(words=np.full((2, 5), -1)), "'words' has -1 where net chooses from 0"),
    "unknown": (given_words(extra=np.ones(1)), "net has no input 'extra'; it has words, mask, sc"),
    "missing": ({"words": np.zeros((2, 5), int)}, "lacks input 'mask' of net"),
    "text": (given_words(words=np.array(["a"])), "'words' holds <U1, which is no number"),
    "complex": (
        given_words(scale=np.ones((2, 1), complex)),
        "'scale' holds complex128, which is no",
    ),
    "objects": (given_words(words=np.array([{}])), "holds Python objects and not numbers"),
    "none": ({}, "holds no arrays; write it with numpy.savez"),
}


@pytest.mark.parametrize("case", WRONG)
def test_inputs_that_are_not_the_model_s_are_refused(case: str, tmp_path: Path) -> None:
    arrays, message = WRONG[case]
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(BadFileError, match=rf"^.*a\.npz.*{message}") as caught:
        fit_inputs(read_given(tmp_path / "a.npz"), WORDS, "net")
    assert "\n" not in str(caught.value)


def archive_of_text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("words.txt", "no array")


def cut(path: Path) -> None:
    np.savez(path, **given_words())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def damaged(path: Path) -> None:
    np.savez_compressed(path, words=np.random.default_rng(0).normal(size=1000))
    content = bytearray(path.read_bytes())
    content[300:400] = bytes(100)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "does not exist; --inputs takes a .npy or .npz file"),
        (lambda path: path.mkdir(), "is a folder; --inputs takes"),
        (
            lambda path: path.write_bytes(b""),
            r"is no \.npy or \.npz file of NumPy; write it with",
        ),
        (lambda path: path.write_text("1 2 3"), r"is no \.npy or \.npz file of NumPy"),
        (lambda path: path.write_bytes(b"\x93NUMPY\x01\x00v\x00{"), "cannot read .* as arrays of"),
        (lambda path: path.write_bytes(b"PK\x03\x04rest"), "cannot read .* as arrays of NumPy's"),
        (archive_of_text, "'words.txt' is no array of NumPy's"),
        (cut, "cannot read .* as arrays of NumPy's"),
        (damaged, "cannot read .* as arrays of NumPy's"),
    ],
    ids=["none", "folder", "empty", "text", "header", "no archive", "of text", "cut", "damaged"],
)
def test_files_that_are_none_are_refused(
    write: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.npz"
    write(path)
    with pytest.raises(BadFileError, match=message) as caught:
        read_given(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_one_array_does_not_fill_several_inputs(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 5), int))
    message = (
        r"holds one array and net has 3 inputs; write numpy.savez\(FILE, words=..., mask=..., "
    )
    with pytest.raises(BadFileError, match=message):
        fit_inputs(read_given(tmp_path / "a.npy"), WORDS, "net")


def test_shapes_and_types_of_what_is_open_come_of_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **given_words(scale=np.ones((2, 1))))
    shapes = read_given(tmp_path / "a.npz").shapes
    assert {name: (tuple(shape), shape.dtype) for name, shape in shapes.items()} == {  # type: ignore[attr-defined]
        "words": ((2, 5), "int64"),
        "mask": ((2, 5), "bool"),
        "scale": ((2, 1), "float32"),
    }


def test_noise_has_the_types_and_chooses_what_is_there() -> None:
    generator = np.random.default_rng(0)
    noise = [make_noise(WORDS, generator) for _ in range(20)]
    words = np.concatenate([arrays["words"].ravel() for arrays in noise])
    assert (words.dtype.name, words.min(), words.max()) == ("int64", 0, 9)
    assert {arrays["mask"].dtype.name for arrays in noise} == {"bool"}
    assert 0.3 < np.mean([arrays["mask"].mean() for arrays in noise]) < 0.7
    assert [fed.below for fed in runner_inputs(WORDS)] == [10, 2, 0]


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16", "type 23 of Paddle's"])
def test_types_without_kernels_are_refused_by_name(dtype: str) -> None:
    graph = Graph(nodes=(), feeds={"x": (1,)}, fetches=(), parameters={}, feed_types={"x": dtype})
    with pytest.raises(ModelError, match=f"^net: input 'x' is {dtype}, which Paddle-Lite does not"):
        check_input_types(graph, "net")
