"""Checks a distillation loss against the networks of student and teacher. Needs no Paddle."""

from __future__ import annotations

from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.opspec import Shape
from edgeslim.training.distillation._paddle1_names import unknown_feature_map
from edgeslim.training.distillation._term import Term
from edgeslim.training.distillation.losses import LOSSES

__all__ = ["check_term"]


def check_term(term: Term, student: Graph, teacher: Graph) -> None:
    """Checks that the feature maps of a term exist and that their shapes fit.

    Raises:
        UsageError: A map is missing (offers the one that Paddle 1.x called so, or the nearest
            name), or shapes do not fit; begins with the key that is wrong.
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
            problem = unknown_feature_map(f"feature map of the {whose}", name, graph)
            raise UsageError(f"{key}: {problem}")
    return [known[name][1:] for name in names]
