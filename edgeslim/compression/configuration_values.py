"""Entries of a configuration beside strategies: pruners, controllers and distillers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "DISTILLERS",
    "Count",
    "Distiller",
    "FSPDistiller",
    "L2Distiller",
    "Positive",
    "SAController",
    "Section",
    "SoftLabelDistiller",
    "StructurePruner",
]

Count = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of one entry; ``no_effect`` has the reasons why old keys do nothing here."""

    no_effect: ClassVar[Mapping[str, str]] = {}


class StructurePruner(Section, frozen=True, kw_only=True):
    """How channels to prune are chosen.

    Args:
        pruning_axis: Axis by names of weights; only 0, output channels, as in the original.
        criterions: Criterion by patterns of weights' names; ``*`` is for all others.
    """

    pruning_axis: dict[str, Literal[0]] = msgspec.field(default_factory=lambda: {"*": 0})
    criterions: dict[str, str] = msgspec.field(default_factory=lambda: {"*": "l1_norm"})

    @property
    def criterion(self) -> str:
        """The criterion as edgeslim writes it: a name, or patterns as in ``conv*=l2,*=l1``."""
        named = {key: name.removesuffix("_norm") for key, name in self.criterions.items()}
        if not named.keys() - {"*"}:
            return named.get("*", "l1")
        return ",".join(f"{pattern}={name}" for pattern, name in named.items())


class SAController(Section, frozen=True, kw_only=True):
    """Settings of simulated annealing.

    Args:
        reduce_rate: Factor of the temperature after each candidate.
        init_temperature: Temperature of the first candidate.
    """

    no_effect: ClassVar[Mapping[str, str]] = {
        "range_table": "the strategy knows its own tokens",
        "max_iter_number": "every candidate here is within the limits, and none comes twice",
    }

    reduce_rate: Annotated[float, Meta(gt=0, le=1)] = 0.85
    init_temperature: Positive = 1024.0
    range_table: Any = None
    max_iter_number: Count = 300


class L2Distiller(Section, frozen=True, kw_only=True, tag="L2Distiller", tag_field="class"):
    """The mean squared difference of two feature maps; see `edgeslim.training.distillation`."""

    student_feature_map: str
    teacher_feature_map: str
    distillation_loss_weight: Positive = 1.0


class FSPDistiller(Section, frozen=True, kw_only=True, tag="FSPDistiller", tag_field="class"):
    """The mean squared difference of the correlations of pairs of feature maps."""

    student_pairs: Annotated[tuple[tuple[str, str], ...], Meta(min_length=1)]
    teacher_pairs: Annotated[tuple[tuple[str, str], ...], Meta(min_length=1)]
    distillation_loss_weight: Positive = 1.0


class SoftLabelDistiller(
    Section, frozen=True, kw_only=True, tag="SoftLabelDistiller", tag_field="class"
):
    """The cross-entropy of the student's classes against the teacher's."""

    student_feature_map: str
    teacher_feature_map: str
    student_temperature: Positive = 1.0
    teacher_temperature: Positive = 1.0
    distillation_loss_weight: Positive = 1.0


Distiller = L2Distiller | FSPDistiller | SoftLabelDistiller

DISTILLERS: dict[str, type[Distiller]] = {
    distiller.__name__: distiller for distiller in (L2Distiller, FSPDistiller, SoftLabelDistiller)
}
"""Classes of distillers by name."""
