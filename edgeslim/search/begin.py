"""The beginning of a search: everything proved and opened before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.files import write_bytes
from edgeslim.latency_table import LatencyTable
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.progress import Progress
from edgeslim.search.measuring import open_device_of
from edgeslim.search.participation import estimator, worker
from edgeslim.search.request import SearchRequest
from edgeslim.search.run_folder import RunFolder, SearchPlace, content, default_folder
from edgeslim.search.settings import SearchSettings
from edgeslim.search.shared_run import SharedRun
from edgeslim.search.worker import Worker
from edgeslim.spaces import Space
from edgeslim.training.tasks import find_task
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet

__all__ = ["Begun", "Means", "begin"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A search that is written down.

    Args:
        folder: Its folder.
        settings: What it was asked for.
        tables: Its latency tables.
        worker: This process of it.
    """

    folder: RunFolder
    settings: SearchSettings
    tables: Sequence[LatencyTable]
    worker: Worker


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """What a search is carried out with; none of it decides what it finds.

    Args:
        out: Its folder, if one is named.
        runs: Where folders are.
        storage: Address of a database; empty for a file of the folder.
        supernet: File of a trained supernet.
        device: How devices are reached.
        measure: Whether this process measures.
    """

    out: Path | None
    runs: Path
    storage: str
    supernet: Path | None
    device: DeviceChoice | None
    measure: bool


def begin(request: SearchRequest, means: Means, stack: ExitStack, progress: Progress) -> Begun:
    """Begins a search, or goes on with the same one; raises what `search` does.

    Args:
        request: What is asked for.
        means: With what.
        stack: Closes what is opened.
        progress: Where to show it.
    """
    from edgeslim.search.jobs.address import file_url, parse_address
    from edgeslim.search.jobs.storage import open_storage

    space = request.space_for(find_task(request.task))
    shown = str(parse_address(means.storage)) if means.storage else ""
    folder, paths = _folder(request, means, space, storage=shown)
    tables = [LatencyTable.read(path) for path in paths]
    settings = request.settings(space, tables)
    standing = folder.place()
    if standing is not None:
        _check_same(folder, standing, settings, shown)
    sessions: Mapping[int, DeviceSession] = {}
    if means.measure:
        sessions = _sessions(settings, tables, means.device, stack)
    place = standing or SearchPlace(
        settings=settings, study=folder.path.resolve().name, storage=shown
    )
    opened = open_storage(means.storage) if means.storage else None
    weights = _supernet_file(folder, means.supernet)
    accuracy = None
    if settings.accuracy != "supernet" or weights.exists() or means.supernet is not None:
        accuracy = estimator(settings, space, weights)
    if standing is None:
        folder.begin(place, paths)
    if opened is None:
        opened = open_storage(file_url(folder.study_file))
    stack.callback(opened.close)
    shared = SharedRun.create(opened, place.study, settings, paths)
    if settings.accuracy == "supernet":
        weights = _own_supernet(folder, weights, settings, space, progress)
        shared.agree_on_supernet(hashlib.sha256(content(weights)).hexdigest())
    return Begun(
        folder=folder,
        settings=settings,
        tables=tables,
        worker=worker(
            shared,
            space,
            tables,
            accuracy=accuracy or estimator(settings, space, weights),
            sessions=sessions,
            progress=progress,
        ),
    )


def _sessions(
    settings: SearchSettings,
    tables: Sequence[LatencyTable],
    choice: DeviceChoice | None,
    stack: ExitStack,
) -> Mapping[int, DeviceSession]:
    """The devices of a search that can be reached, by the place of their target.

    Raises:
        UsageError: It is said how one is reached, and there are several.
        ContextMismatchError: One is not as it was when its table was measured.
    """
    places = [place for place, target in enumerate(settings.targets) if target.measurable]
    if len(places) > 1 and choice is not None and (choice.serial or choice.host):
        raise UsageError(
            "there are several devices: say in their profiles how they are reached, or leave "
            "measuring to those who join with a device each"
        )
    return {
        place: stack.enter_context(
            open_device_of(tables[place].context, tables[place].path, choice)
        )
        for place in places
    }


def _folder(
    request: SearchRequest, means: Means, space: Space, *, storage: str
) -> tuple[RunFolder, list[Path]]:
    """The search's folder, and its tables: its own copies if it has begun."""
    out = means.out
    if out is None:
        tables = [LatencyTable.read(path) for path in request.tables]
        settings = request.settings(space, tables)
        out = default_folder(means.runs, settings, request.tables, storage)
    folder = RunFolder(out)
    standing = folder.place()
    if standing is None or len(standing.settings.targets) != len(request.tables):
        return folder, list(request.tables)
    return folder, [folder.table(number) for number in range(len(request.tables))]


def _check_same(
    folder: RunFolder, standing: SearchPlace, settings: SearchSettings, storage: str
) -> None:
    difference = standing.settings.difference(settings)
    if not difference and standing.storage != storage:
        theirs, mine = (each or "its own file" for each in (standing.storage, storage))
        difference = f"the storage {theirs}, not {mine}"
    if difference:
        raise UsageError(
            f"{folder.path} is a search with {difference}; "
            "give the same settings to go on with it, or another --out"
        )


def _supernet_file(folder: RunFolder, given: Path | None) -> Path:
    """The search's own copy of its supernet, or the one that was given to it."""
    own = folder.supernet / SUPERNET_FILE
    return own if given is None or own.exists() else given


def _own_supernet(
    folder: RunFolder,
    weights: Path,
    settings: SearchSettings,
    space: Space,
    progress: Progress,
) -> Path:
    """The search's own copy of its supernet; trained now if there is none."""
    own = folder.supernet / SUPERNET_FILE
    if weights != own:
        folder.supernet.mkdir(exist_ok=True)
        write_bytes(own, content(weights))
    if not own.exists():
        train_supernet(space, settings.task, folder.supernet, seed=settings.seed, progress=progress)
    return own
