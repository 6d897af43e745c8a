"""One loss between a student and a teacher, and the proof that it can be had. No Paddle here."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.opspec import Shape
from edgeslim.training.distillation._old_names import unknown_map
from edgeslim.training.distillation.losses import LOSSES

__all__ = ["Term", "check_term"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A loss at named feature maps, which is added to the task's.

    Args:
        name: For errors.
        loss: Name of the loss.
        student: Names of the student's feature maps.
        teacher: Names of the teacher's, as many.
        weight: What the loss is multiplied by.
        student_temperature: What the student's scores are divided by, of the soft-label loss.
        teacher_temperature: What the teacher's are.
        student_key: Where the student's maps were named, for errors.
        teacher_key: Where the teacher's were.
    """

    name: str
    loss: str
    student: tuple[str, ...]
    teacher: tuple[str, ...]
    weight: float = 1.0
    student_temperature: float = 1.0
    teacher_temperature: float = 1.0
    student_key: str = "student_feature_map"
    teacher_key: str = "teacher_feature_map"


def check_term(term: Term, student: Graph, teacher: Graph) -> None:
    """Proves that the feature maps of a term are there and fit.

    Raises:
        UsageError: They are not (what Paddle 1.x called so is offered, or the nearest) or do
            not (with their shapes); begins with the key that is wrong.
    """
    if len(term.student) != len(term.teacher):
        raise UsageError(
            f"{term.teacher_key}: {len(term.teacher)} feature maps of the teacher and "
            f"{len(term.student)} of the student"
        )
    shapes = (
        _shapes(term.student, student, "student", term.student_key),
        _shapes(term.teacher, teacher, "teacher", term.teacher_key),
    )
    problem = LOSSES.get(term.loss).problem(*shapes)
    if problem:
        raise UsageError(f"{term.student_key}: {problem}")


def _shapes(names: tuple[str, ...], graph: Graph, whose: str, key: str) -> list[Shape]:
    known = graph.feature_maps
    for name in names:
        if name not in known:
            problem = unknown_map(f"feature map of the {whose}", name, graph)
            raise UsageError(f"{key}: {problem}")
    return [known[name][1:] for name in names]
