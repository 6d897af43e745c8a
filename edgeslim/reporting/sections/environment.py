"""The section about where a run was measured: the device and its state, versions, the table."""

from __future__ import annotations

from edgeslim.latency_rows import ConditionsRow
from edgeslim.reporting.document import Block, Cell, Column, NumberUnit, ReportSection, Table
from edgeslim.reporting.evidence import Evidence, origin_of
from edgeslim.reporting.number_format import format_value
from edgeslim.runs.deployment_records import DeploymentRecord, TableRecord

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
                ["ran as", str(context.execution)],
                ["Paddle-Lite", context.library_version],
                ["begun", context.created],
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
            ["sold as", device.model],
            ["system", " ".join(text for text in (device.system, device.android) if text)],
            ["architecture", device.machine],
            ["kernels for", device.target.value],
            ["serial number", device.unit],
            ["reached over", device.transport],
            ["cores that threads were bound to", record.power_mode.value],
            ["caches before each run", str(record.cache)],
            ["set meanwhile", ", ".join(device.settings)],
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
    rows = [_state_row(when, state) for when, state in states if state is not None]
    return Table(
        columns=[
            Column(key="when", name="when"),
            Column(key="temperature_c", name="hottest sensor", unit=NumberUnit.CELSIUS),
            Column(key="fastest_mhz", name="fastest core", unit=NumberUnit.MHZ),
            Column(key="slowest_mhz", name="slowest core", unit=NumberUnit.MHZ),
            Column(key="governors", name="governors"),
            Column(key="load", name="load", unit=NumberUnit.NUMBER),
            Column(key="thermal_status", name="thermal status", unit=NumberUnit.COUNT),
            Column(key="capped", name="frequency allowed", unit=NumberUnit.SHARE),
            Column(key="battery", name="battery"),
        ],
        rows=rows,
        title="What the device said of itself",
        folded=len(rows) > 6,
    )


def _state_row(when: str, state: ConditionsRow) -> list[Cell]:
    frequencies = state.frequencies_mhz
    battery = "" if state.battery_percent is None else f"{state.battery_percent} %"
    if state.plugged:
        battery = f"{battery} plugged in".strip()
    return [
        when,
        state.temperature_c,
        max(frequencies) if frequencies else None,
        min(frequencies) if frequencies else None,
        ", ".join(state.governors),
        state.load,
        state.thermal_status,
        state.capped,
        battery,
    ]


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
            ["program that timed", versions.runner],
        ],
    )


def _files(record: DeploymentRecord) -> Table:
    return Table(
        columns=[
            Column(key="model", name="model"),
            Column(key="source", name="made from"),
            Column(key="file", name="file that ran"),
            Column(key="sha256", name="SHA-256"),
            Column(key="kernels", name="kernels compute in"),
        ],
        rows=[
            [model.name, model.source, model.optimized, model.sha256, ", ".join(model.kernels)]
            for model in record.models
        ],
        title="Files",
        folded=len(record.models) > 4,
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
            ["where from", context.provenance],
            ["device", context.device],
            ["hardware", context.hardware],
            ["ran as", str(context.execution)],
            ["Paddle-Lite", context.library_version],
            ["operators", format_value(table.operators, NumberUnit.COUNT)],
            ["networks", format_value(table.networks, NumberUnit.COUNT)],
            ["first row", format_value(table.first, NumberUnit.MOMENT)],
            ["last row", f"{format_value(table.last, NumberUnit.MOMENT)} {age}".strip()],
        ],
    )
