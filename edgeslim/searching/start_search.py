"""The start of a search: everything is checked and opened before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.files import read_bytes, write_bytes
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.progress import Progress
from edgeslim.runs.search_run import RunFolder, SearchDescription, default_folder
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.searching.final_training import FinalTraining
from edgeslim.searching.limits import SearchLimits
from edgeslim.searching.measuring import open_device_of
from edgeslim.searching.request import SearchRequest
from edgeslim.spaces import Space
from edgeslim.training.tasks import Task, find_task
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet

if TYPE_CHECKING:
    from edgeslim.searching.worker import Worker

__all__ = ["StartedSearch", "start_search"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StartedSearch:
    """A search whose folder and storage are written.

    Args:
        folder: Folder of the search.
        task: Task that networks are trained for.
        limits: Limits of the search before anything was measured.
        finals: Trains finalists and the winner.
        worker: The worker of this process.
    """

    folder: RunFolder
    task: Task
    limits: SearchLimits
    finals: FinalTraining
    worker: Worker

    @property
    def settings(self) -> SearchSettings:
        """Settings of the search."""
        return self.worker.run.settings


def start_search(request: SearchRequest, stack: ExitStack) -> StartedSearch:
    """Starts a search, or goes on with the same one; raises the same errors as `search`.

    Args:
        request: The user's request, checked before.
        stack: Closes everything that is opened here.
    """
    from edgeslim.searching.jobs.address import file_url, parse_address
    from edgeslim.searching.participation import make_estimator, make_worker, open_shared_storage
    from edgeslim.searching.shared_run import SharedRun

    task, family = find_task(request.task), request.family()
    address = str(parse_address(request.storage)) if request.storage else ""
    own = None if request.out is None else RunFolder(request.out)
    tables = [LatencyTable.read(path) for path in _own_tables(own, request.tables)]
    paths = [table.path for table in tables]
    asked = request.resolve(family, task, tables)
    settings, space = asked.settings, asked.limits.space
    folder = own or RunFolder(default_folder(request.runs, settings, paths, address))
    standing = folder.description()
    if standing is not None:
        _check_same(folder, standing, settings, address)
    sessions = _sessions(settings, tables, request.device, stack) if request.measure else {}
    storage = None
    if request.storage:
        storage = open_shared_storage(request.storage)
        stack.callback(storage.close)
    weights = _supernet_file(folder, request.supernet)
    accuracy = None
    if settings.accuracy != "supernet" or weights.exists() or request.supernet is not None:
        accuracy = make_estimator(settings, space, task, weights)
    if standing is None:
        study = folder.path.resolve().name
        standing = SearchDescription(settings=settings, study=study, storage=address)
        folder.begin(standing, paths)
    if storage is None:
        storage = open_shared_storage(file_url(folder.study_file))
        stack.callback(storage.close)
    shared = SharedRun.create(storage, standing.study, settings, paths)
    if settings.accuracy == "supernet":
        weights = _own_supernet(folder, weights, settings, space, request.progress)
        shared.agree_on_supernet(weights)
    finals = FinalTraining(settings, space, task, folder)
    return StartedSearch(
        folder=folder,
        task=task,
        limits=asked.limits,
        finals=finals,
        worker=make_worker(
            shared,
            asked.limits,
            task,
            accuracy=accuracy or make_estimator(settings, space, task, weights),
            finals=finals,
            sessions=sessions,
            progress=request.progress,
        ),
    )


def _own_tables(folder: RunFolder | None, tables: Sequence[Path]) -> Sequence[Path]:
    """A search's own copies of its tables if it was started before, or else those asked for."""
    standing = None if folder is None else folder.description()
    if folder is None or standing is None or len(standing.settings.targets) != len(tables):
        return tables
    return [folder.table(number) for number in range(len(tables))]


def _sessions(
    settings: SearchSettings,
    tables: Sequence[LatencyTable],
    choice: DeviceChoice | None,
    stack: ExitStack,
) -> Mapping[int, DeviceSession]:
    """Opens the devices of a search that can be measured, by the place of their target.

    Raises:
        UsageError: A serial or host is given, and there are several devices.
        ContextMismatchError: A device is not as it was when its table was measured.
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


def _check_same(
    folder: RunFolder, standing: SearchDescription, settings: SearchSettings, storage: str
) -> None:
    difference = standing.settings.difference(settings)
    if not difference and standing.storage != storage:
        theirs, mine = (address or "its own file" for address in (standing.storage, storage))
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
        write_bytes(own, read_bytes(weights))
    if not own.exists():
        train_supernet(space, settings.task, folder.supernet, seed=settings.seed, progress=progress)
    return own
