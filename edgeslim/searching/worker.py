"""A process of a search: it evaluates, measures, trains finalists, and waits for others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.errors import EdgeslimError, JobLostError, LinkError, ModelError
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.progress import Progress, Stage
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound
from edgeslim.searching.jobs.trials import Notes
from edgeslim.searching.measuring import measure_candidates
from edgeslim.searching.plan import Evaluate, Finish, Measure, Train, next_step
from edgeslim.searching.proposals import CandidateProposals, Results, ready_below
from edgeslim.searching.run_limits import RunLimits
from edgeslim.searching.shared_run import SharedRun
from edgeslim.spaces import Space, Tokens

if TYPE_CHECKING:
    from edgeslim.searching.accuracy import AccuracyEstimator
    from edgeslim.searching.final_training import FinalTraining
    from edgeslim.searching.jobs.job import ClaimedJob

__all__ = ["Worker"]

_AT_ONCE = 3
_PATIENCE_S = 1.0


@dataclass(kw_only=True, slots=True)
class Worker:
    """One process of a search.

    Args:
        run: The search in its storage.
        space: Space that is searched.
        limits: Limits of each round.
        proposals: Networks of the candidates.
        accuracy: Estimates accuracies; None if other processes do that.
        finals: Trains finalists; None if other processes do that.
        sessions: Devices that this process owns, by the place of their target.
        progress: Shows how far it is.
        evaluated: How many candidates this process has evaluated.
        measured: How many networks it has measured.
    """

    run: SharedRun
    space: Space
    limits: RunLimits
    proposals: CandidateProposals
    accuracy: AccuracyEstimator | None
    finals: FinalTraining | None
    sessions: Mapping[int, DeviceSession]
    progress: Progress
    evaluated: int = 0
    measured: int = 0

    def work(self) -> Finish:
        """Works until the search is finished, by this process or by others."""
        while True:
            step = next_step(self.run.settings, self.run.results(), self.limits.of)
            if isinstance(step, Finish):
                return step
            if isinstance(step, Evaluate):
                self._evaluate_round(step.part)
            elif isinstance(step, Measure):
                self._measure(step)
            else:
                self._train(step)

    def _evaluate_round(self, part: SearchRound) -> None:
        """Evaluates candidates, beside other processes, until those of a round are done."""
        queue = self.run.candidates
        title = "more candidates" if part.number else "candidates"
        busy = True
        with self.progress.stage(title, part.end - part.first) as stage:
            shared = _SharedStage(stage)
            while True:
                results = self.run.results()
                done = sum(part.first <= number < part.end for number in results)
                shared.show(done, _best(results))
                if done == part.end - part.first:
                    return
                below = ready_below(self.run.settings, part, results)
                # A waiting process leaves adding to one that has just finished a job.
                queue.ensure(range(part.first, below), after_s=0.0 if busy else _PATIENCE_S)
                job = None if self.accuracy is None else queue.claim(below=below)
                busy = job is not None
                if job is None:
                    self.run.wait(0 if self.accuracy is None else below)
                    continue
                with suppress(JobLostError), job:
                    self._evaluate(job, part, results, stage)
                    shared.own += 1

    def _evaluate(self, job: ClaimedJob, part: SearchRound, results: Results, stage: Stage) -> None:
        """Evaluates one candidate, which is one unit of the stage."""
        tokens = self.proposals.tokens(job.candidate, results)
        if tokens is None:
            self.run.finish(job, None)
            stage.advance(note="the space has nothing more within the limits nearby")
            return
        job.note(Notes(tokens=tokens, ranges=self.space.ranges))
        accuracy, failed = self._accuracy(tokens, results, stage)
        candidate = Candidate(
            number=job.candidate,
            tokens=tokens,
            accuracy=accuracy,
            predicted_ms=self.limits.of(part).predicted_ms(tokens),
            failed=failed,
        )
        self.run.finish(job, candidate)
        self.evaluated += 1

    def _accuracy(self, tokens: Tokens, results: Results, stage: Stage) -> tuple[float, str]:
        """Accuracy of a network, and the reason if it could not be found."""
        known = next(
            (
                candidate
                for candidate in results.values()
                if candidate and candidate.tokens == tokens
            ),
            None,
        )
        if known is not None:
            stage.advance()
            return known.accuracy, known.failed
        assert self.accuracy is not None  # noqa: S101 - nothing is taken without it
        try:
            return self.accuracy.of(tokens, stage.advance), ""
        except ModelError as error:
            # One bad network must not end the search: it would stop here again when restarted.
            stage.note(f"{','.join(map(str, tokens))}: {error}; it counts as never right")
            return 0.0, str(error)

    def _measure(self, step: Measure) -> None:
        """Measures networks on the devices that this process owns, or waits for others."""
        for place, queue in self.run.measuring.items():
            queue.ensure(step.candidates)
            session = self.sessions.get(place)
            if session is not None and self._measure_on(session, place, step):
                return
        self.run.wait()

    def _measure_on(self, session: DeviceSession, place: int, step: Measure) -> bool:
        """Measures networks that wait for a device; False if there are none."""
        queue, results = self.run.measuring[place], self.run.results()
        with ExitStack() as stack:
            jobs: list[ClaimedJob] = []
            while len(jobs) < _AT_ONCE and (job := queue.claim()) is not None:
                jobs.append(stack.enter_context(job))
            networks = [results[job.candidate] for job in jobs]
            wanted = [candidate.tokens for candidate in networks if candidate is not None]
            try:
                rows = measure_candidates(session, self.space, wanted, self.progress)
            except LinkError:
                for job in jobs:
                    job.give_back()
                raise
            for job, row in zip(jobs, rows, strict=True):
                with suppress(JobLostError):
                    if isinstance(row, EdgeslimError):
                        job.fail(str(row))
                    else:
                        self.run.finish_measuring(job, place, row, step.part.number)
                        self.measured += 1
            return bool(jobs)

    def _train(self, step: Train) -> None:
        """Trains finalists, beside other processes, until all are trained."""
        queue = self.run.finals
        assert queue is not None  # noqa: S101 - there is one where there are several finalists
        with self.progress.stage("finalists", len(step.candidates)) as stage:
            shared = _SharedStage(stage)
            while True:
                results = queue.results()
                done = sum(number in results for number in step.candidates)
                shared.show(done)
                if done == len(step.candidates):
                    return
                queue.ensure(step.candidates)
                job = None if self.finals is None else queue.claim()
                if job is None:
                    self.run.wait()
                    continue
                with suppress(JobLostError), job:
                    self._train_one(job, stage)
                    shared.own += 1

    def _train_one(self, job: ClaimedJob, stage: Stage) -> None:
        """Trains one finalist, which is one unit of the stage."""
        candidate = self.run.results()[job.candidate]
        assert candidate is not None  # noqa: S101 - nothing else is a finalist
        assert self.finals is not None  # noqa: S101 - nothing is taken without it
        job.note(Notes(tokens=candidate.tokens, ranges=self.space.ranges))
        try:
            accuracy, failed = self.finals.of(candidate, stage.advance), ""
        except ModelError as error:  # another takes its place
            accuracy, failed = 0.0, str(error)
            stage.note(f"{','.join(map(str, candidate.tokens))}: {error}; it cannot win")
        self.run.finish_final(job, accuracy, failed)


class _SharedStage:
    """Progress of jobs that other processes do as well.

    Args:
        stage: The stage, whose jobs done here are advanced in parts.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen = 0
        self.own = 0

    def show(self, done: int, note: str = "") -> None:
        """Shows that so many are done in all, `own` of them here."""
        self._stage.advance(max(0, done - self.own - self._seen), note=note)
        self._seen = max(self._seen, done - self.own)


def _best(results: Results) -> str:
    known = [candidate.accuracy for candidate in results.values() if candidate is not None]
    return f"best accuracy {max(known):.1%}" if known else ""
