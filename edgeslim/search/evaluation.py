"""The middle of a search: candidates asked for, trained, and written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.errors import ModelError
from edgeslim.progress import Progress, Stage
from edgeslim.search.algorithms import Algorithm
from edgeslim.search.limits import LatencyLimit
from edgeslim.search.run_folder import Candidate, RunFolder
from edgeslim.spaces import Tokens

if TYPE_CHECKING:
    from edgeslim.training.short_training import ShortTraining

__all__ = ["Evaluation"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """How candidates get their accuracy.

    Args:
        run: Where they are written down.
        limit: What they are predicted to meet.
        training: Gives a network its accuracy.
        seed: Of every training.
    """

    run: RunFolder
    limit: LatencyLimit
    training: ShortTraining
    seed: int

    def evaluate(self, algorithm: Algorithm, count: int, progress: Progress) -> list[Candidate]:
        """Asks for candidates; those of an interrupted search are not trained again."""
        known = self.run.evaluations()
        evaluated: list[Candidate] = []
        with progress.stage("candidates", count) as stage:
            while len(evaluated) < count:
                tokens = algorithm.ask()
                if tokens is None:
                    stage.note("the space has no more candidates within the limit nearby")
                    break
                candidate = known.get(tokens)
                if candidate is None:
                    candidate = self._trained(tokens, stage)
                    self.run.add(candidate)
                else:
                    stage.advance()
                evaluated.append(candidate)
                algorithm.tell(tokens, candidate.accuracy)
                best = max(each.accuracy for each in evaluated)
                stage.advance(0, note=f"best accuracy {best:.1%}")
        return evaluated

    def _trained(self, tokens: Tokens, stage: Stage) -> Candidate:
        """Trains a candidate, which is one unit of the stage."""
        try:
            accuracy = self.training.accuracy(
                lambda _: self.limit.space.build(tokens), self.seed, stage.advance
            )
        except ModelError as error:
            # One bad network is no reason to lose the search: it would stop here for ever.
            stage.note(f"{','.join(map(str, tokens))}: {error}; it counts as never right")
            accuracy = 0.0
        return Candidate(
            tokens=tokens, predicted_ms=self.limit.latency_ms(tokens), accuracy=accuracy
        )
