"""Losses between feature maps, against their formulas in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from edgeslim.training.distillation import LOSSES, Term
from edgeslim.training.distillation.teacher import FeatureMaps, Teacher
from edgeslim.training.program_net import load_program_net
from tests.pruning.trained import SHAPE, save_trained

pytestmark = pytest.mark.slow

Arrays = list[np.ndarray[Any, Any]]


def maps(*shapes: tuple[int, ...], seed: int = 0) -> Arrays:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def value(loss: str, student: Arrays, teacher: Arrays, **more: Any) -> float:
    names = ("a",) * len(student)
    term = Term(name="t", loss=loss, student=names, teacher=names, **more)
    maps_of = [[paddle.to_tensor(array) for array in side] for side in (student, teacher)]
    return float(LOSSES.get(loss).value(maps_of[0], maps_of[1], term))


def test_l2() -> None:
    student, teacher = maps((4, 3, 5, 5)), maps((4, 3, 5, 5), seed=1)
    expected = ((student[0] - teacher[0]) ** 2).mean()
    assert value("l2", student, teacher) == pytest.approx(expected, rel=1e-5)


def test_fsp() -> None:
    shapes = ((4, 3, 5, 6), (4, 7, 5, 6), (4, 2, 3, 3), (4, 4, 3, 3))
    student, teacher = maps(*shapes), maps(*shapes, seed=1)

    def matrices(side: Arrays) -> Arrays:
        pairs = zip(side[::2], side[1::2], strict=True)
        return [
            np.einsum("nihw,njhw->nij", start, end) / (start.shape[2] * start.shape[3])
            for start, end in pairs
        ]

    pairs = zip(matrices(student), matrices(teacher), strict=True)
    expected = sum(((own - other) ** 2).mean() for own, other in pairs)
    assert value("fsp", student, teacher) == pytest.approx(expected, rel=1e-4)


def test_soft_label() -> None:
    student, teacher = maps((6, 10)), maps((6, 10), seed=1)

    def log_softmax(scores: np.ndarray[Any, Any], temperature: float) -> np.ndarray[Any, Any]:
        scaled = scores.astype(np.float64) / temperature
        return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))

    expected = -(np.exp(log_softmax(teacher[0], 4)) * log_softmax(student[0], 2)).sum(1).mean()
    found = value("soft-label", student, teacher, student_temperature=2, teacher_temperature=4)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES.names())
def test_nothing_is_nearer_to_a_teacher_than_itself(loss: str) -> None:
    shapes = ((3, 4, 2, 2), (3, 5, 2, 2)) if loss == "fsp" else ((3, 4),)
    teacher = maps(*shapes)
    least = value(loss, teacher, teacher)
    for seed in range(1, 6):
        assert value(loss, maps(*shapes, seed=seed), teacher) > least


@pytest.mark.parametrize(
    ("loss", "student", "teacher", "fits"),
    [
        ("l2", [(8, 4, 4)], [(8, 4, 4)], True),
        ("l2", [(8, 4, 4)], [(8, 2, 2)], False),
        ("fsp", [(8, 4, 4), (9, 4, 4)], [(8, 2, 2), (9, 2, 2)], True),
        ("fsp", [(8, 4, 4), (9, 2, 2)], [(8, 4, 4), (9, 4, 4)], False),
        ("fsp", [(8, 4, 4), (9, 4, 4)], [(8, 4, 4), (8, 4, 4)], False),
        ("soft-label", [(10,)], [(10,)], True),
        ("soft-label", [(10,)], [(11,)], False),
    ],
)
def test_which_maps_fit(
    loss: str, student: list[tuple[int, ...]], teacher: list[tuple[int, ...]], *, fits: bool
) -> None:
    assert (LOSSES.get(loss).problem(student, teacher) == "") == fits


def test_a_teacher_stays_as_it_is_and_the_student_gets_gradients(tmp_path: Path) -> None:
    save_trained(tmp_path / "net")
    student, teacher = load_program_net(tmp_path / "net"), Teacher(tmp_path / "net")
    before = teacher._net.tensors()
    term = Term(
        name="t", loss="l2", student=("relu_0.tmp_0",), teacher=("relu_0.tmp_0",), weight=2.0
    )
    student.train()
    images = paddle.randn([4, *SHAPE[1:]])
    outputs, loss = teacher.loss(student.run, images, [term, term])
    loss.backward()
    own, other = FeatureMaps(["relu_0.tmp_0"]), FeatureMaps(["relu_0.tmp_0"])
    student.run([images], own)
    teacher._net.run([images], other)
    apart = (own.maps["relu_0.tmp_0"] - other.maps["relu_0.tmp_0"]).square().mean()
    assert float(loss) == pytest.approx(4 * float(apart), rel=1e-4)
    assert outputs[0].shape == [4, 10]
    assert "first_weights" in student.gradients()
    assert teacher._net.gradients() == {}
    after = teacher._net.tensors()
    assert all(np.array_equal(before[name], after[name]) for name in before)
