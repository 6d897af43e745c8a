"""Entries of a configuration that need no strategies: pruners, controllers and distillers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "DISTILLERS",
    "Above",
    "Count",
    "Distiller",
    "FSPDistiller",
    "L2Distiller",
    "SAController",
    "Section",
    "SoftLabelDistiller",
    "StructurePruner",
]

Count = Annotated[int, Meta(ge=1)]
Above = Annotated[float, Meta(gt=0)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of one entry; ``no_effect`` says of old ones why they do nothing here."""

    no_effect: ClassVar[Mapping[str, str]] = {}


class StructurePruner(Section, frozen=True, kw_only=True):
    """Which channels go.

    Args:
        pruning_axis: Of weights by name; the original pruned axis 0, output channels, alone.
        criterions: Of weights by patterns of their names; ``*`` is for those that remain.
    """

    pruning_axis: dict[str, Literal[0]] = msgspec.field(default_factory=lambda: {"*": 0})
    criterions: dict[str, str] = msgspec.field(default_factory=lambda: {"*": "l1_norm"})

    @property
    def criterion(self) -> str:
        """What edgeslim calls it: a name, or names by patterns as in ``conv*=l2,*=l1``."""
        named = {key: name.removesuffix("_norm") for key, name in self.criterions.items()}
        if not named.keys() - {"*"}:
            return named.get("*", "l1")
        return ",".join(f"{pattern}={name}" for pattern, name in named.items())


class SAController(Section, frozen=True, kw_only=True):
    """Simulated annealing.

    Args:
        reduce_rate: What the temperature is multiplied by after each candidate.
        init_temperature: Of the first one.
    """

    no_effect: ClassVar[Mapping[str, str]] = {
        "range_table": "the strategy knows its own tokens",
        "max_iter_number": "every candidate here is within the limits, and none comes twice",
    }

    reduce_rate: Annotated[float, Meta(gt=0, le=1)] = 0.85
    init_temperature: Above = 1024.0
    range_table: Any = None
    max_iter_number: Count = 300


class L2Distiller(Section, frozen=True, kw_only=True, tag="L2Distiller", tag_field="class"):
    """The mean squared difference of two feature maps; see `edgeslim.training.distillation`."""

    student_feature_map: str
    teacher_feature_map: str
    distillation_loss_weight: Above = 1.0


class FSPDistiller(Section, frozen=True, kw_only=True, tag="FSPDistiller", tag_field="class"):
    """The mean squared difference of how pairs of feature maps go together."""

    student_pairs: Annotated[tuple[tuple[str, str], ...], Meta(min_length=1)]
    teacher_pairs: Annotated[tuple[tuple[str, str], ...], Meta(min_length=1)]
    distillation_loss_weight: Above = 1.0


class SoftLabelDistiller(
    Section, frozen=True, kw_only=True, tag="SoftLabelDistiller", tag_field="class"
):
    """The cross-entropy of the student's classes against the teacher's."""

    student_feature_map: str
    teacher_feature_map: str
    student_temperature: Above = 1.0
    teacher_temperature: Above = 1.0
    distillation_loss_weight: Above = 1.0


Distiller = L2Distiller | FSPDistiller | SoftLabelDistiller

DISTILLERS: dict[str, type[Distiller]] = {
    each.__name__: each for each in (L2Distiller, FSPDistiller, SoftLabelDistiller)
}
"""Classes of distillers by name."""
