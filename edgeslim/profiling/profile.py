"""The whole of ``edgeslim profile``: operators of a model or a space, and a few networks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.conversion.optimized import optimize_and_fuse
from edgeslim.conversion.prepare import PreparedModel, prepare, prepare_layer
from edgeslim.errors import BadFileError, ProgramError, UsageError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable, NetworkRow, TableContext
from edgeslim.opspec import OpSpec, Shape, decode_hook
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.prediction.calibration import Calibration
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.device_session import DeviceSession, now, open_device
from edgeslim.profiling.drift import DriftWatch
from edgeslim.profiling.networks import OptimizedNetwork, measure_networks
from edgeslim.profiling.operators import measure_operators
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import SPACES, Space, Tokens

__all__ = ["ProfileResult", "default_table", "network_name", "profile"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileResult:
    """What a profile run came to.

    Args:
        table: The table's file.
        operators: Operators that were asked for.
        measured: Of those, measured in this run.
        failed: Why operators could not be measured, by their description.
        networks: Names of whole networks in the table.
        calibration: How well the table predicts networks left out of its fit.
        wall_s: Time the run took.
        device_s: Of that, time the runner spent in runs, warm-up and cache sweeps.
    """

    table: Path
    operators: int
    measured: int
    failed: Mapping[str, str]
    networks: tuple[str, ...]
    calibration: Calibration
    wall_s: float
    device_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """What is to be measured."""

    operators: tuple[OpSpec, ...]
    networks: tuple[OptimizedNetwork, ...]


def profile(
    device: str = "host",
    *,
    model: str | None = None,
    space: str | None = None,
    operators: Path | None = None,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    num_classes: int | None = None,
    threads: int | None = None,
    networks: int = 6,
    seed: int = 0,
    progress: Progress = SILENT,
) -> ProfileResult:
    """Measures on a device what a table lacks of a model, a space, or a list of operators.

    What is in the table is not measured again, so an interrupted run goes on where it was
    when it is started again.

    Args:
        device: Name of the device's profile.
        model: A model, as on the command line.
        space: Name of a search space.
        operators: A file with one operator a line, in JSON; exactly one of the three.
        out: The table; by default one for this device and context.
        input_shapes: Input of the model or the space, by name or under an empty name.
        num_classes: Width of the space's output.
        threads: Threads that models run with, if not the profile's.
        networks: Whole networks of a space to measure as well.
        seed: Of the order of measuring and the choice of networks.
        progress: Where to show it.

    Raises:
        UsageError: Bad names or combinations; a table of another context.
        ProgramError, RunnerError: ``opt`` or the runner does not work.
        UnwritableError: The table cannot be written.
    """
    start = time.monotonic()
    if sum(given is not None for given in (model, space, operators)) != 1:
        raise UsageError("give exactly one of --model, --space and --operators")
    chosen = None
    if space is not None:
        shape = (input_shapes or {}).get("")
        chosen = SPACES.get(space).space(shape, num_classes)
    source = None if model is None else find_model(model)
    session = open_device(device, threads=threads)
    context = session.context()
    table = LatencyTable.open(out or default_table(context), context)
    target = session.execution.target
    with temporary_folder() as folder:
        if chosen is not None:
            work = _space_work(chosen, table, target, folder, count=networks, seed=seed)
        elif source is not None:
            prepared = prepare(source, folder / "model", input_shapes=input_shapes)
            work = _model_work(prepared, target, folder)
        else:
            work = _Work(operators=_read_operators(operators or Path()), networks=())
        counts_measured, failed, device_s = _measure(session, table, work, seed, progress)
    return ProfileResult(
        table=table.path,
        operators=len({null_operator(), *work.operators}),
        measured=counts_measured,
        failed={str(spec): reason for spec, reason in failed.items()},
        networks=tuple(table.networks),
        calibration=Predictor(table).calibration,
        wall_s=time.monotonic() - start,
        device_s=device_s,
    )


def default_table(context: TableContext) -> Path:
    """Where the table of a context is kept unless the user says otherwise."""
    execution = context.execution
    processor = re.sub(r"[^a-z0-9]+", "-", context.hardware.lower()).strip("-")
    name = f"{processor}-{execution.target.value}-{execution.threads}t.jsonl"
    return Path("latency_tables") / context.device / name


def network_name(space: Space, tokens: Tokens) -> str:
    """Name of a space's network in tables and files."""
    size = "x".join(map(str, space.input_shape))
    return f"{space.name}-{size}-c{space.num_classes}-{'.'.join(map(str, tokens))}"


def _measure(
    session: DeviceSession, table: LatencyTable, work: _Work, seed: int, progress: Progress
) -> tuple[int, dict[OpSpec, str], float]:
    watch = DriftWatch(session)
    counts = measure_operators(session, watch, table, work.operators, seed=seed, progress=progress)
    measured = measure_networks(watch, work.networks, progress=progress)
    for network in work.networks:
        table.add(
            NetworkRow(
                name=network.name,
                graph=network.graph,
                measurements=(measured.measurements[network.name],),
                reference_ms=measured.reference_ms,
                measured=now(),
            )
        )
    return counts.measured, counts.failed, counts.device_s + measured.device_s


def _space_work(
    space: Space, table: LatencyTable, target: Target, folder: Path, *, count: int, seed: int
) -> _Work:
    """Every operator of a space, and networks from its smallest to its largest."""
    wanted = [
        tokens
        for tokens in _telling_tokens(space, count, seed)
        if network_name(space, tokens) not in table.networks
    ]
    models = []
    if wanted:
        load_paddle()
    for tokens in wanted:
        name = network_name(space, tokens)
        models.append(
            prepare_layer(space.build(tokens), space.input_shape, folder / name, name=name)
        )
    return _Work(
        operators=tuple(space.every_operator(target)),
        networks=tuple(_optimized(models, target, folder)),
    )


def _telling_tokens(space: Space, count: int, seed: int) -> list[Tokens]:
    """The start of the search, the ends of the space, and random vectors in between."""
    generator = np.random.default_rng(seed)
    smallest = tuple(0 for _ in space.ranges)
    largest = tuple(size - 1 for size in space.ranges)
    chosen = dict.fromkeys([space.initial_tokens, smallest, largest])
    while len(chosen) < count:
        chosen[tuple(int(generator.integers(size)) for size in space.ranges)] = None
    return list(chosen)[:count]


def _model_work(model: PreparedModel, target: Target, folder: Path) -> _Work:
    (network,) = _optimized([model], target, folder)
    return _Work(operators=network.graph.specs, networks=(network,))


def _optimized(
    models: Sequence[PreparedModel], target: Target, folder: Path
) -> Iterable[OptimizedNetwork]:
    results = optimize_and_fuse(models, target, folder) if models else []
    for model, result in zip(models, results, strict=True):
        if isinstance(result, ProgramError):
            raise result
        file, graph = result
        yield OptimizedNetwork(name=model.name, file=file, graph=graph)


def _read_operators(path: Path) -> tuple[OpSpec, ...]:
    """Operators from a file with one to a line."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    decoder = msgspec.json.Decoder(OpSpec, dec_hook=decode_hook)
    specs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            specs.append(decoder.decode(line))
        except (msgspec.DecodeError, ValueError) as error:
            raise BadFileError(f"{path}:{number}: {error}") from error
    return tuple(specs)
