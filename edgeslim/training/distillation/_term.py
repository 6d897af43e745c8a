"""One loss between a student and a teacher."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Term"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A loss at named feature maps, which is added to the task's.

    Args:
        name: Name of the loss in errors.
        loss: Kind of the loss, one of `LOSSES`.
        student: Names of the student's feature maps.
        teacher: Names of as many feature maps of the teacher.
        weight: Factor of the loss in the sum.
        student_temperature: Divisor of the student's scores, in the soft-label loss.
        teacher_temperature: Divisor of the teacher's scores, in the soft-label loss.
        student_key: Key of the configuration that names the student's maps, for errors.
        teacher_key: Key of the configuration that names the teacher's maps, for errors.
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
