"""The published schema of deployment records: it is that of the code, and records obey it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.opspec import encode_hook
from edgeslim.runs.deployment_history import HISTORY
from edgeslim.runs.deployment_records import SCHEMA
from edgeslim.runs.record_schema import record_schema
from tests.deployment.made_up_records import made_up_record

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas" / f"deployment-{SCHEMA}.json"
STORED = Path(__file__).parent / "version_0_1_0"

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def faults(value: Any, schema: dict[str, Any], known: dict[str, Any], at: str = "$") -> list[str]:
    """Faults of a value by those words of JSON Schema that our schema has."""
    if "$ref" in schema:
        return faults(value, known[schema["$ref"].rpartition("/")[2]], known, at)
    if "anyOf" in schema:
        found = [faults(value, each, known, at) for each in schema["anyOf"]]
        return [] if any(not some for some in found) else min(found, key=len)
    if (plain := _fault_of_plain(value, schema)) is not None:
        return [f"{at}: {plain}"]
    if isinstance(value, dict):
        return _faults_of_object(value, schema, known, at)
    return _faults_of_array(value, schema, known, at) if isinstance(value, list) else []


def _fault_of_plain(value: Any, schema: dict[str, Any]) -> str | None:
    """What is wrong with a value by itself."""
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is none of {schema['enum']}"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        fits = any(
            isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
            for name in names
        )
        if not fits:
            return f"{value!r} is no {' or '.join(names)}"
    is_number = isinstance(value, int | float)
    if is_number and value < schema.get("minimum", value):
        return f"{value} is below {schema['minimum']}"
    return None


def _faults_of_object(
    value: dict[str, Any], schema: dict[str, Any], known: dict[str, Any], at: str
) -> list[str]:
    found = [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
    more = schema.get("additionalProperties", {})
    for name, item in value.items():
        own = schema.get("properties", {}).get(name, more if isinstance(more, dict) else {})
        found += faults(item, own, known, f"{at}.{name}")
    return found


def _faults_of_array(
    value: list[Any], schema: dict[str, Any], known: dict[str, Any], at: str
) -> list[str]:
    first = schema.get("prefixItems", [])
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return [f"{at}: has {len(value)} items"]
    found = []
    for place, item in enumerate(value):
        rest = schema.get("items", {})
        own = first[place] if place < len(first) else rest
        found += faults(item, own if isinstance(own, dict) else {}, known, f"{at}[{place}]")
    return found


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(json.dumps(record_schema()))
    return written


def test_what_is_published_is_what_the_code_says(schema: dict[str, Any]) -> None:
    assert json.loads(PUBLISHED.read_text()) == schema, (
        f"write it anew: python -m edgeslim.runs.record_schema > docs/schemas/{PUBLISHED.name}"
    )
    assert f"schema {SCHEMA}" in schema["title"]


@pytest.mark.parametrize("folder", ["deployed", "pruned"])
def test_records_that_version_0_1_0_stored_obey_it(folder: str, schema: dict[str, Any]) -> None:
    lines = (STORED / folder / HISTORY).read_text().splitlines()
    assert lines
    for line in lines:
        assert faults(json.loads(line), schema, schema["$defs"]) == []


def test_a_record_of_today_obeys_it_and_a_wrong_one_does_not(schema: dict[str, Any]) -> None:
    record = json.loads(msgspec.json.encode(made_up_record(), enc_hook=encode_hook))
    assert faults(record, schema, schema["$defs"]) == []
    record["models"][0]["latency_ms"] = "fast"
    del record["id"]
    found = faults(record, schema, schema["$defs"])
    assert "$: lacks id" in found
    assert any("latency_ms: 'fast' is no number" in fault for fault in found)
