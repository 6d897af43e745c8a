"""The JSON schema of a deployment's record, generated from its types.

Run as a module it prints the schema that is published in `docs/`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from edgeslim.opspec import Attributes, Shapes
from edgeslim.runs.deployment_records import SCHEMA, DeploymentRecord

__all__ = ["record_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN = {"type": ["boolean", "integer", "number", "string"]}
_SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 1}}
_MAPPINGS: dict[type, dict[str, Any]] = {
    Shapes: {"type": "array", "items": _SHAPE},
    Attributes: {"anyOf": [_PLAIN, {"type": "array", "items": {"type": "number"}}]},
}
"""What mappings of our own have as values."""


def record_schema() -> dict[str, Any]:
    """The schema of one line of a ``deployments.jsonl``, in JSON Schema of 2020-12."""
    made = msgspec.json.schema(DeploymentRecord, schema_hook=_mapping_schema)
    return {
        "$schema": _DIALECT,
        "title": f"Deployment record of edgeslim, schema {SCHEMA}",
        "description": "One line of a deployments.jsonl. Fields that are not required have been "
        "added since, and older records lack them.",
        **made,
    }


def _mapping_schema(kind: type) -> dict[str, Any]:
    if kind in _MAPPINGS:
        return {"type": "object", "additionalProperties": _MAPPINGS[kind]}
    raise NotImplementedError(f"no schema of {kind.__name__}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(record_schema(), indent=1, ensure_ascii=False) + "\n")
