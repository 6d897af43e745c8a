"""Distillation: in some epochs the network also learns from a teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from edgeslim.compression.distiller_terms import make_term
from edgeslim.compression.strategies._strategy import Idle, StrategyEntry
from edgeslim.compression.strategy_settings import Role, Span, StrategySettings
from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.training.distillation import Term, check_term

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]


class DistillationSettings(StrategySettings, frozen=True, kw_only=True):
    """Keys of `DistillationStrategy`.

    Args:
        distillers: Names of the losses that are added to the task's loss.
        end_epoch: The first epoch without them; by default they stay to the end.
    """

    role: ClassVar[Role] = Role.DISTILS
    editable: ClassVar[frozenset[str]] = frozenset({"distillers", "start_epoch", "end_epoch"})

    distillers: Annotated[tuple[str, ...], Meta(min_length=1)]

    def span(self, epochs: int) -> Span:
        end = epochs if self.end_epoch is None else self.end_epoch
        return Span(first=self.start_epoch, last=end - 1, role=self.role)


class _Distillation(Idle):
    def __init__(
        self, name: str, settings: DistillationSettings, configuration: Configuration
    ) -> None:
        self._file = configuration.file
        self._place = f"{configuration.file}: strategies.{name}"
        self._terms: list[Term] = [
            make_term(loss, configuration.distillers[loss]) for loss in settings.distillers
        ]

    def check(self, state: CompressionState) -> None:
        if state.teacher_model is None:
            raise UsageError(f"{self._place} needs a teacher: give --teacher, a saved model")
        if state.has_network:
            self._check_maps(state)

    def _check_maps(self, state: CompressionState) -> None:
        assert state.teacher_model is not None  # noqa: S101 - checked before
        student, teacher = state.graph, state.teacher_model.graph
        for term in self._terms:
            self._check_term(term, student, teacher)

    def _check_term(self, term: Term, student: Graph, teacher: Graph) -> None:
        try:
            check_term(term, student, teacher)
        except UsageError as error:
            raise UsageError(f"{self._file}: distillers.{term.name}.{error}") from error

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:  # noqa: ARG002
        self._check_maps(state)  # pruning may have changed the maps
        state.terms.extend(self._terms)


STRATEGY = StrategyEntry(
    class_name="DistillationStrategy", settings=DistillationSettings, make=_Distillation
)
