"""Distillers of a configuration as what training takes."""

from __future__ import annotations

from edgeslim.compression.configuration_values import Distiller, FSPDistiller, SoftLabelDistiller
from edgeslim.training.distillation import Term

__all__ = ["term_of"]


def term_of(name: str, distiller: Distiller) -> Term:
    """The loss that a distiller stands for."""
    weight = distiller.distillation_loss_weight
    if isinstance(distiller, FSPDistiller):
        return Term(
            name=name,
            loss="fsp",
            student=tuple(each for pair in distiller.student_pairs for each in pair),
            teacher=tuple(each for pair in distiller.teacher_pairs for each in pair),
            student_key="student_pairs",
            teacher_key="teacher_pairs",
            weight=weight,
        )
    soft = isinstance(distiller, SoftLabelDistiller)
    return Term(
        name=name,
        loss="soft-label" if soft else "l2",
        student=(distiller.student_feature_map,),
        teacher=(distiller.teacher_feature_map,),
        weight=weight,
        student_temperature=getattr(distiller, "student_temperature", 1.0),
        teacher_temperature=getattr(distiller, "teacher_temperature", 1.0),
    )
