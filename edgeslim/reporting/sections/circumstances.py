"""On what all of it was measured: the device and its state, versions, the table."""

from __future__ import annotations

from edgeslim.latency_rows import ConditionsRow
from edgeslim.reporting.document import Block, Cell, Column, Section, Table, Unit
from edgeslim.reporting.evidence import Evidence, origin_of
from edgeslim.reporting.numbers import shown
from edgeslim.runs.deployment_records import DeploymentRecord, TableRecord

__all__ = ["circumstances"]

_COLUMNS = (Column(key="what", name=""), Column(key="value", name=""))


def circumstances(evidence: Evidence) -> Section | None:
    """Of the newest deployment, or of the tables where there is none."""
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
    return Section(key="circumstances", title="Device, state and versions", blocks=blocks)


def _plain(title: str, rows: list[list[Cell]]) -> Table:
    """Names and values, without those that say nothing."""
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
            ["system", " ".join(each for each in (device.system, device.android) if each)],
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
            (f"after round {each.number + 1}", each.state)
            for each in record.rounds
            if each.state is not None
        ),
        ("after", record.state_after),
    ]
    rows = [_state_row(when, state) for when, state in states if state is not None]
    return Table(
        columns=[
            Column(key="when", name="when"),
            Column(key="temperature_c", name="hottest sensor", unit=Unit.CELSIUS),
            Column(key="fastest_mhz", name="fastest core", unit=Unit.MHZ),
            Column(key="slowest_mhz", name="slowest core", unit=Unit.MHZ),
            Column(key="governors", name="governors"),
            Column(key="load", name="load", unit=Unit.NUMBER),
            Column(key="thermal_status", name="thermal status", unit=Unit.COUNT),
            Column(key="capped", name="frequency allowed", unit=Unit.SHARE),
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
            [each.name, each.source, each.optimized, each.sha256, ", ".join(each.kernels)]
            for each in record.models
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
            ["operators", shown(table.operators, Unit.COUNT)],
            ["networks", shown(table.networks, Unit.COUNT)],
            ["first row", shown(table.first, Unit.MOMENT)],
            ["last row", f"{shown(table.last, Unit.MOMENT)} {age}".strip()],
        ],
    )
