"""Makes distillation losses of the distillers of a configuration."""

from __future__ import annotations

from edgeslim.compression.configuration_values import Distiller, FSPDistiller, SoftLabelDistiller
from edgeslim.training.distillation import Term

__all__ = ["make_term"]


def make_term(term_name: str, distiller: Distiller) -> Term:
    """Makes the distillation loss of a distiller."""
    weight = distiller.distillation_loss_weight
    if isinstance(distiller, FSPDistiller):
        return Term(
            name=term_name,
            loss="fsp",
            student=tuple(name for pair in distiller.student_pairs for name in pair),
            teacher=tuple(name for pair in distiller.teacher_pairs for name in pair),
            student_key="student_pairs",
            teacher_key="teacher_pairs",
            weight=weight,
        )
    soft = isinstance(distiller, SoftLabelDistiller)
    return Term(
        name=term_name,
        loss="soft-label" if soft else "l2",
        student=(distiller.student_feature_map,),
        teacher=(distiller.teacher_feature_map,),
        weight=weight,
        student_temperature=getattr(distiller, "student_temperature", 1.0),
        teacher_temperature=getattr(distiller, "teacher_temperature", 1.0),
    )
