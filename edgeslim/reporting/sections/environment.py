"""The section about where a run was measured: the device and its state, versions, the table."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.latency_rows import ConditionsRow
from edgeslim.reporting.document import (
    Block,
    Cell,
    Column,
    NumberUnit,
    ReportSection,
    Table,
    table_of,
)
from edgeslim.reporting.evidence import Evidence, origin_of
from edgeslim.reporting.number_format import format_value
from edgeslim.runs.deployment_records import DeploymentRecord, TableRecord, VersionsRecord

__all__ = ["environment"]

_COLUMNS = (Column(key="what", name=""), Column(key="value", name=""))


def environment(evidence: Evidence) -> ReportSection | None:
    """Makes the section of the newest deployment; without one, of the latency tables."""
    record = evidence.latest
    blocks: list[Block] = []
    if record is not None:
        blocks += [_device(record), _state(record), _versions(record), _files(record)]
        if record.inputs is not None:
            given: list[list[Cell]] = [
                ["file", record.inputs.path],
                ["SHA-256", record.inputs.sha256],
            ]
            blocks.append(_plain("Inputs that it was proved and timed with", given))
        if record.table is not None:
            blocks.append(_table_used(record.table))
    else:
        for known in evidence.tables:
            context = known.table.context
            rows: list[list[Cell]] = [
                ["file", str(known.table.path)],
                ["checksum", known.table.digest],
                ["numbers", known.origin.value],
                ["device", context.device],
                ["hardware", context.hardware],
                ["ran as", context.execution_text],
                [context.library_name, context.library_version],
                ["created", context.created],
                ["operators", f"{len(known.table):,}"],
                ["networks", f"{len(known.table.networks):,}"],
            ]
            blocks.append(_plain("Latency table", rows))
    if not blocks:
        return None
    return ReportSection(key="circumstances", title="Device, state and versions", blocks=blocks)


def _plain(title: str, rows: list[list[Cell]]) -> Table:
    """Makes a table of names and values, without rows whose value is empty."""
    return Table(columns=_COLUMNS, rows=[row for row in rows if row[1]], title=title)


def _device(record: DeploymentRecord) -> Table:
    device = record.device
    return _plain(
        "Device",
        [
            ["profile", device.name],
            ["hardware", device.hardware],
            ["cores", str(device.cores or "")],
            ["clusters", ", ".join(device.clusters)],
            ["memory", f"{device.memory_mb:,} MB" if device.memory_mb else ""],
            ["model", device.model],
            ["system", " ".join(text for text in (device.system, device.android) if text)],
            ["architecture", device.machine],
            ["kernels for", device.target.value],
            ["serial number", device.unit],
            ["reached over", device.transport],
            ["cores that threads were bound to", record.power_mode.value],
            ["caches before each run", str(record.cache)],
            ["set while measuring", ", ".join(device.settings)],
        ],
    )


def _state(record: DeploymentRecord) -> Table:
    states = [
        ("before", record.state_before),
        *(
            (f"after round {turn.number + 1}", turn.state)
            for turn in record.rounds
            if turn.state is not None
        ),
        ("after", record.state_after),
    ]
    return table_of(
        [(when, state) for when, state in states if state is not None],
        [
            ("when", "when", "text", lambda row: row[0]),
            ("temperature_c", "hottest sensor", "celsius", lambda row: row[1].temperature_c),
            ("fastest_mhz", "fastest core", "mhz", lambda row: _extreme(max, row[1])),
            ("slowest_mhz", "slowest core", "mhz", lambda row: _extreme(min, row[1])),
            ("governors", "governors", "text", lambda row: ", ".join(row[1].governors)),
            ("load", "load", "number", lambda row: row[1].load),
            ("thermal_status", "thermal status", "count", lambda row: row[1].thermal_status),
            ("capped", "frequency allowed", "share", lambda row: row[1].capped),
            ("battery", "battery", "text", lambda row: _battery(row[1])),
        ],
        title="State of the device",
        folded=6,
    )


def _extreme(choose: Callable[[tuple[float, ...]], float], state: ConditionsRow) -> float | None:
    """The highest or lowest frequency of the device's cores, in MHz."""
    return choose(state.frequencies_mhz) if state.frequencies_mhz else None


def _battery(state: ConditionsRow) -> str:
    charge = "" if state.battery_percent is None else f"{state.battery_percent} %"
    return f"{charge} plugged in".strip() if state.plugged else charge


def _versions(record: DeploymentRecord) -> Table:
    versions = record.versions
    return _plain(
        "Versions",
        [
            ["edgeslim", versions.edgeslim],
            ["Paddle-Lite on the device", versions.library],
            ["Paddle-Lite here", versions.paddlelite],
            ["PaddlePaddle", versions.paddlepaddle],
            ["NumPy", versions.numpy],
            ["Python", versions.python],
            ["Python of Paddle-Lite here", _lite_python(versions)],
            ["program that timed", versions.runner],
        ],
    )


def _lite_python(versions: VersionsRecord) -> str:
    """The Python that Paddle-Lite ran in, with its NumPy; older records do not have it."""
    return f"{versions.lite_python}, NumPy {versions.lite_numpy}" if versions.lite_python else ""


def _files(record: DeploymentRecord) -> Table:
    return table_of(
        record.models,
        [
            ("model", "model", "text", lambda model: model.name),
            ("source", "made from", "text", lambda model: model.source),
            ("file", "file that ran", "text", lambda model: model.optimized),
            ("sha256", "SHA-256", "text", lambda model: model.sha256),
            ("kernels", "number types of kernels", "text", lambda model: ", ".join(model.kernels)),
        ],
        title="Files",
        folded=4,
    )


def _table_used(table: TableRecord) -> Table:
    context = table.context
    age = "" if table.age_s is None else f"{table.age_s / 86_400:.1f} days before"
    return _plain(
        "Latency table that predicted",
        [
            ["file", table.path],
            ["checksum", table.digest],
            ["numbers", origin_of(context).value],
            ["source", context.provenance],
            ["device", context.device],
            ["hardware", context.hardware],
            ["ran as", context.execution_text],
            [context.library_name, context.library_version],
            ["operators", format_value(table.operators, NumberUnit.COUNT)],
            ["networks", format_value(table.networks, NumberUnit.COUNT)],
            ["first row", format_value(table.first, NumberUnit.MOMENT)],
            ["last row", f"{format_value(table.last, NumberUnit.MOMENT)} {age}".strip()],
        ],
    )
