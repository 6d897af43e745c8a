"""A report for programs: every number as it is, with its unit and its origin."""

from __future__ import annotations

from typing import Any

import msgspec

from edgeslim.reporting.document import (
    Absent,
    Block,
    Commands,
    Fact,
    Items,
    Picture,
    ReportDocument,
    Table,
    Text,
)
from edgeslim.reporting.formats._format import Format

__all__ = ["FORMAT", "as_value"]

_SCHEMA = 1


def as_value(document: ReportDocument) -> dict[str, Any]:
    """Turns a report into plain values; of a chart, its numbers stay."""
    return {
        "schema": _SCHEMA,
        "title": document.title,
        "kind": document.kind,
        "run": document.run,
        "created": document.created,
        "edgeslim": document.edgeslim,
        "verdict": document.verdict.sentence,
        "met_target": document.verdict.met,
        "summary": [_fact(fact) for fact in document.facts],
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in document.sections
        ],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "name": fact.name,
        "value": fact.value,
        "unit": fact.unit.value,
        "origin": None if fact.origin is None else fact.origin.value,
        "interval": None if fact.interval is None else list(fact.interval),
        "note": fact.note,
        "good": fact.good,
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return {"block": "table", "title": block.title, **_table(block)}
    if isinstance(block, Picture):
        numbers = {} if block.table is None else _table(block.table)
        return {"block": "chart", "title": block.title, "says": block.says, **numbers}
    if isinstance(block, Text):
        return {"block": "text", "text": block.text}
    if isinstance(block, Items):
        return {"block": "items", "title": block.title, "items": list(block.items)}
    if isinstance(block, Commands):
        return {"block": "commands", "title": block.title, "commands": list(block.lines)}
    assert isinstance(block, Absent)  # noqa: S101 - there are no other blocks
    return {"block": "absent", "what": block.what, "command": block.command}


def _table(table: Table) -> dict[str, Any]:
    return {
        "columns": [{"key": column.key, "unit": column.unit.value} for column in table.columns],
        "rows": [list(row) for row in table.rows],
    }


def _write(document: ReportDocument) -> str:
    encoded = msgspec.json.encode(as_value(document))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


FORMAT = Format(suffix=".json", write=_write)
