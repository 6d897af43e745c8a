"""The whole of ``edgeslim table networks``: a table from the times of whole networks alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import fused_graph
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.execution import Execution, PowerMode
from edgeslim.files import read_bytes, temporary_folder, write_bytes
from edgeslim.latency_rows import NetworkRow, Row, TableContext, encode_row
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, OptionsOf, called_with
from edgeslim.prediction.calibration import Calibration
from edgeslim.prediction.network_prices import FEWEST_PRICED
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import SILENT, Progress
from edgeslim.table_formats import FORMATS
from edgeslim.table_formats.timings import read_network_times
from edgeslim.tables._import_target import resolve_target
from edgeslim.tables.import_table import TableOrigin
from edgeslim.version import __version__

__all__ = ["NetworksRequest", "NetworksTable", "table_of_networks"]

_KNOWN = (
    *("device", "hardware", "target", "fusion", "precision", "threads", "power_mode"),
    *("library_version", "unit", "source"),
)
"""What may be said of whole networks."""
_NOT_RECORDED = "not recorded"


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworksRequest:
    """What can be asked of `table_of_networks`."""

    times: Annotated[Path, ARGUMENT] = field(kw_only=False)
    """CSV or JSON Lines with name, time and unit of each network; the name is its model: a saved
    one, file.py:function, or a name such as mobilenet-v2."""
    out: Annotated[Path, OPTION] = field(kw_only=False)
    """Where to write the table."""
    origin: Annotated[TableOrigin, OptionsOf(TableOrigin, _KNOWN)]
    """Facts about the times that the user knows."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input, the same for all: 1,3,224,224 or name=..."""
    progress: Progress = SILENT
    """Shows how far it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworksTable:
    """A table of whole networks.

    Args:
        table: File of the new table.
        context: First line of the new table.
        calibration: How far off networks are whose families are left out.
    """

    table: Path
    context: TableContext
    calibration: Calibration


@called_with(NetworksRequest)
def table_of_networks(request: NetworksRequest) -> NetworksTable:
    """Makes a table from times of whole networks, whose operators come from their models.

    Raises:
        UsageError: There are fewer than five networks, no word on how they are fused, a fusion that
            leaves operators out, or a file at ``out``.
        BadFileError, ModelError: The times or a model are not valid.
    """
    origin = request.origin
    if request.out.exists():
        raise UsageError(f"{request.out} is there already; give another --out")
    target = resolve_target(origin.target, origin.fusion, FORMATS.get("timings"))
    if target.convention is not None:
        raise UsageError(
            f"--fusion {origin.fusion and origin.fusion.value}: operators are estimated from "
            "networks by the kernels that run, so give --fusion arm or x86, whichever is nearer"
        )
    times = read_network_times(request.times, read_bytes(request.times), origin.unit)
    if len(times) < FEWEST_PRICED:
        raise UsageError(
            f"{request.times} has {len(times)} networks, and {FEWEST_PRICED} are needed to tell "
            "operators apart; add some, as unlike each other as can be"
        )
    context = TableContext(
        device=origin.device,
        hardware=origin.hardware or _NOT_RECORDED,
        execution=Execution(
            target=target.target,
            precision=origin.precision,
            threads=origin.threads or 1,
            power_mode=origin.power_mode
            or (PowerMode.NO_BIND if target.foreign else PowerMode.HIGH),
        ),
        library_version=origin.library_version or _NOT_RECORDED,
        runner="imported from times of networks",
        created=now(),
        edgeslim=__version__,
        provenance=f"{origin.source or request.times.name}; operators are estimated from networks",
        foreign_target=target.foreign,
    )
    rows: list[Row] = [context]
    with (
        temporary_folder() as folder,
        request.progress.stage("networks read", len(times)) as stage,
    ):
        for number, (name, time) in enumerate(times.items()):
            model = prepare(
                find_model(name), folder / str(number), input_shapes=request.input_shapes
            )
            graph = fused_graph(model, target.target)
            rows.append(NetworkRow(name=name, graph=graph, measurements=(time.measurement,)))
            stage.advance()
    write_bytes(request.out, b"\n".join(encode_row(row) for row in rows) + b"\n")
    table = LatencyTable.read(request.out)
    return NetworksTable(
        table=request.out, context=context, calibration=Predictor(table).calibration
    )
