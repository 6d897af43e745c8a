"""``edgeslim search --join``: one more process of a search, on this machine or another."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgeslim.conversion.find_space import find_space
from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.search_run import RunFolder
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.searching.final_training import FinalTraining
from edgeslim.searching.jobs.address import file_url
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.measuring import open_device_of
from edgeslim.searching.participation import make_estimator, make_worker, open_shared_storage
from edgeslim.searching.run_limits import make_limits
from edgeslim.searching.shared_run import SharedRun
from edgeslim.training.tasks import find_task
from edgeslim.training.train_supernet import SUPERNET_FILE

__all__ = ["JoinReport", "join", "open_run"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinReport:
    """The work that one process did for a search.

    Args:
        evaluated: How many candidates it evaluated.
        measured: How many networks it measured.
    """

    evaluated: int
    measured: int


def join(
    run: str,
    *,
    storage: str = "",
    device: DeviceChoice | None = None,
    supernet: Path | None = None,
    progress: Progress = SILENT,
) -> JoinReport:
    """Works on a search that another process started, until it is finished.

    Args:
        run: The search's folder, or with a storage its name there.
        storage: Address of the storage, if there is no folder here or it needs a password.
        device: A device to measure on; then nothing is trained here.
        supernet: File of the search's supernet, if its folder is not here.
        progress: Shows how far it is.

    Raises:
        UsageError: There is no such search; its space, its supernet or this device is another.
        StorageError: The storage cannot be used.
    """
    with ExitStack() as stack:
        found, name = open_run(run, storage)
        stack.callback(found.close)
        shared = SharedRun.open(found, name)
        settings = shared.settings
        tables = shared.tables(stack.enter_context(temporary_folder()))
        family, task = find_space(settings.space, progress=progress), find_task(settings.task)
        space = family.space(settings.input_shape, settings.num_classes)
        sessions: dict[int, DeviceSession] = {}
        accuracy = finals = None
        if device is not None:
            place = _place_of(settings, device, tables)
            session = open_device_of(tables[place].context, tables[place].path, device)
            sessions[place] = stack.enter_context(session)
        else:
            weights = _supernet(shared, Path(run), supernet)
            accuracy = make_estimator(settings, space, task, weights)
            folder = RunFolder(Path(run))
            finals = FinalTraining(
                settings, space, task, folder if folder.description_file.exists() else None
            )
        first = make_limits(settings, space, [Predictor(table) for table in tables])
        mine = make_worker(
            shared,
            first,
            task,
            accuracy=accuracy,
            finals=finals,
            sessions=sessions,
            progress=progress,
        )
        mine.work()
    return JoinReport(evaluated=mine.evaluated, measured=mine.measured)


def open_run(run: str, storage: str) -> tuple[Storage, str]:
    """The storage of a search, and its name there.

    Raises:
        UsageError: There is no search in the folder, and no storage is given.
    """
    folder = RunFolder(Path(run))
    place = folder.description()
    if place is None:
        if not storage:
            raise UsageError(
                f"{run} is not a folder of a search; give one, or --storage and the search's name"
            )
        return open_shared_storage(storage), run
    url = storage or place.storage or file_url(folder.study_file)
    return open_shared_storage(url), place.study


def _place_of(settings: SearchSettings, device: DeviceChoice, tables: list[LatencyTable]) -> int:
    """The target that a device is for."""
    for place, table in enumerate(tables):
        if settings.targets[place].measurable and device.name in {"", table.context.device}:
            return place
    names = ", ".join(target.device for target in settings.targets if target.measurable) or "none"
    raise UsageError(f"this search measures on {names}, not on {device.name}")


def _supernet(shared: SharedRun, folder: Path, given: Path | None) -> Path | None:
    """The search's supernet; None if it has none."""
    if shared.settings.accuracy != "supernet":
        return None
    file = given or RunFolder(folder).supernet / SUPERNET_FILE
    if not file.exists():
        raise UsageError(
            f"the search's supernet is not in {file}; copy it from the search's folder and give "
            "it with --supernet"
        )
    shared.agree_on_supernet(file)
    return file
