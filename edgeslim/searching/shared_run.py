"""A search that processes share: its settings, tables, candidates and latencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import checksum_of, read_bytes, write_bytes
from edgeslim.latency_rows import NetworkRow, encode_row
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import decode_hook
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.searching.jobs.job import ClaimedJob
from edgeslim.searching.jobs.ledger import JobResult
from edgeslim.searching.jobs.queue import JobQueue, QueueStatus
from edgeslim.searching.jobs.record import Record
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.jobs.waiting import wait_for_change
from edgeslim.searching.proposals import Results

__all__ = ["SharedRun"]

_SETTINGS = "settings"
_NOTHING = "nothing_left"
_FAILED = "failed"
_PREDICTED = "predicted_ms"
_ROUND = "round"
_LOOK_S = 10.0
"""Silent workers are looked for at least this often, in seconds."""


class SharedRun:
    """One search in a storage; see `create` and `open`.

    Args:
        storage: Storage that has the search.
        name: Name of the search in the storage.
        settings: Settings of the search.
        record: Values that all processes agree on.
    """

    def __init__(
        self, storage: Storage, name: str, settings: SearchSettings, record: Record
    ) -> None:
        self.name = name
        self.settings = settings
        self._record = record
        self.candidates = JobQueue(storage, name)
        self.measuring: Mapping[int, JobQueue] = {
            place: JobQueue(storage, f"{name} on {device}", objectives={"latency_ms": "minimize"})
            for place, device in enumerate(settings.devices)
            if settings.targets[place].measurable
        }
        several = settings.finalists > 1
        self.finals = JobQueue(storage, f"{name} finals") if several else None
        self._networks: dict[tuple[int, int], NetworkRow] = {}

    @classmethod
    def create(
        cls, storage: Storage, name: str, settings: SearchSettings, tables: Sequence[Path]
    ) -> SharedRun:
        """Starts a search, or goes on with the same one.

        Raises:
            UsageError: There is another search of that name; the message has the difference.
            StorageError: The storage cannot be used; any method raises this.
        """
        record = _record(storage, name)
        if record.read(_SETTINGS) is None:
            for place, table in enumerate(tables):
                record.write_once(f"table {place}", read_bytes(table))
            record.write_once(_SETTINGS, msgspec.json.encode(settings))
        standing = _settings(record, name)
        difference = standing.difference(settings)
        if difference:
            raise UsageError(
                f"{name!r} in {storage.address.name} is a search with {difference}; give the same "
                "settings to go on with it, or another --out"
            )
        return cls(storage, name, standing, record)

    @classmethod
    def open(cls, storage: Storage, name: str) -> SharedRun:
        """Opens a search that was started before.

        Raises:
            UsageError: There is no search of that name.
        """
        record = _record(storage, name)
        if record.read(_SETTINGS) is None:
            raise UsageError(f"{storage.address.name} has no search called {name!r}")
        return cls(storage, name, _settings(record, name), record)

    def agree_on_supernet(self, weights: Path) -> None:
        """Checks that this process has the same supernet as the others.

        Raises:
            UsageError: It has another one.
        """
        checksum = checksum_of(weights)
        theirs = self._record.write_once("supernet", checksum.encode()).decode()
        if theirs != checksum:
            raise UsageError(
                f"this is not the supernet of the search: its checksum is {checksum[:16]}, not "
                f"{theirs[:16]}"
            )

    def tables(self, folder: Path) -> list[LatencyTable]:
        """The latency table of each target, as files in a folder.

        Raises:
            BadFileError: One is not there.
        """
        return [self._table(place, folder) for place in range(len(self.settings.targets))]

    def results(self) -> Results:
        """Results of candidates, with their latencies on devices."""
        took = {place: queue.results() for place, queue in self.measuring.items()}
        finals = {} if self.finals is None else self.finals.results()
        return {
            number: self._candidate(result, took, finals.get(number))
            for number, result in self.candidates.results().items()
        }

    def networks(self, place: int, before: int) -> list[NetworkRow]:
        """The networks that a target's device ran in the rounds before one, in order."""
        if place not in self.measuring:
            return []
        return [
            self._network(place, number)
            for number, result in sorted(self.measuring[place].results().items())
            if result.reason is None and int(str(result.notes[_ROUND])) < before
        ]

    def finish(self, job: ClaimedJob, candidate: Candidate | None) -> None:
        """Ends the evaluation of a candidate; None if there was nothing more to propose.

        Raises:
            JobLostError: The job was given to others meanwhile.
        """
        if candidate is None:
            job.finish(0.0, notes={_NOTHING: True})
            return
        notes: dict[str, object] = {_PREDICTED: list(candidate.predicted_ms)}
        if candidate.failed:
            notes[_FAILED] = candidate.failed
        job.finish(candidate.accuracy, notes=notes)

    def finish_measuring(self, job: ClaimedJob, place: int, row: NetworkRow, part: int) -> None:
        """Ends the measuring of a network at the end of a round; as `finish`."""
        self._record.write_once(_network_key(place, job.candidate), encode_row(row))
        job.finish(row.latency_ms, notes={_ROUND: part})

    def finish_final(self, job: ClaimedJob, accuracy: float, failed: str) -> None:
        """Ends the training of a finalist, which may have failed; as `finish`."""
        job.finish(accuracy, notes={_FAILED: failed} if failed else {})

    def wait(self, below: int = 0) -> None:
        """Waits for results of other processes, and adds the jobs of silent ones again.

        Args:
            below: A waiting candidate with a lower number ends the waiting as well.
        """
        known = self._news()
        wait_for_change(
            lambda: self._news() != known or bool(self.candidates.waiting(below=below)),
            timeout_s=_LOOK_S,
        )
        self.requeue_silent()

    def requeue_silent(self) -> None:
        """Adds the jobs of silent workers again, for others."""
        for queue in self._queues:
            queue.requeue_silent()

    def status(self) -> dict[str, QueueStatus]:
        """Progress of each queue, by a title for people."""
        return {
            "candidates": self.candidates.status(),
            **{
                f"on {self.settings.devices[place]}": queue.status()
                for place, queue in self.measuring.items()
            },
            **({} if self.finals is None else {"finalists": self.finals.status()}),
        }

    @property
    def _queues(self) -> Iterator[JobQueue]:
        yield from (self.candidates, *self.measuring.values())
        if self.finals is not None:
            yield self.finals

    def _news(self) -> int:
        return sum(len(queue.results()) for queue in self._queues)

    def _candidate(
        self,
        result: JobResult,
        took: Mapping[int, Mapping[int, JobResult]],
        final: JobResult | None,
    ) -> Candidate | None:
        if result.notes.get(_NOTHING) or not result.tokens:
            return None
        failed = [result.reason or result.notes.get(_FAILED, "")]
        measured_ms: list[float | None] = []
        for place in range(len(self.settings.targets)):
            run = took.get(place, {}).get(result.candidate)
            measured_ms.append(run.values[0] if run is not None and run.values else None)
            failed.append((run and run.reason) or "")
        final_accuracy = None
        if final is not None:
            failed.append(final.reason or final.notes.get(_FAILED, ""))
            final_accuracy = final.values[0] if final.values and not failed[-1] else None
        predicted = result.notes.get(_PREDICTED)
        return Candidate(
            number=result.candidate,
            tokens=result.tokens,
            accuracy=result.values[0] if result.values else 0.0,
            predicted_ms=msgspec.convert(predicted or [], tuple[float, ...]),
            measured_ms=tuple(measured_ms),
            final_accuracy=final_accuracy,
            failed="; ".join(str(reason) for reason in failed if reason),
        )

    def _network(self, place: int, number: int) -> NetworkRow:
        if (place, number) not in self._networks:
            content = self._record.read(_network_key(place, number))
            if content is None:
                raise BadFileError(f"{self.name!r} lacks the network of candidate {number}")
            self._networks[place, number] = msgspec.json.decode(
                content, type=NetworkRow, dec_hook=decode_hook
            )
        return self._networks[place, number]

    def _table(self, place: int, folder: Path) -> LatencyTable:
        content = self._record.read(f"table {place}")
        if content is None:
            raise BadFileError(f"{self.name!r} lacks its latency table {place}")
        path = folder / f"table-{place}.jsonl"
        write_bytes(path, content)
        return LatencyTable.read(path)


def _record(storage: Storage, name: str) -> Record:
    return Record(storage, f"{name} record")


def _network_key(place: int, number: int) -> str:
    return f"network {place} {number}"


def _settings(record: Record, name: str) -> SearchSettings:
    content = record.read(_SETTINGS)
    assert content is not None  # noqa: S101 - whoever calls has seen it
    try:
        return msgspec.json.decode(content, type=SearchSettings)
    except msgspec.DecodeError as error:
        raise UsageError(f"{name!r} is a search of another version of edgeslim: {error}") from error
