"""What version 0.1.0 left on disk is read, and would be written again as it was.

The folder beside this file was made by its commands: a table and sensitivities of a small network,
a search, deployments in two precisions with a baseline, a pruning with a deployment, a compression
with a checkpoint, and its configuration. Of long lists of samples the first
twelve are kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.compression.compress import Compression
from edgeslim.compression.configuration_checks import read_configuration
from edgeslim.latency_rows import Row
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import decode_hook, encode_hook
from edgeslim.reporting.read_run import read_run
from edgeslim.runs.checkpoint import CheckpointContext
from edgeslim.runs.deployment_records import DeploymentRecord
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneSettings, StepRecord
from edgeslim.runs.search_run import SearchDescription, SearchResult
from edgeslim.runs.sensitivity_file import SensitivityFile
from edgeslim.runs.sensitivity_rows import SensitivityContext, SensitivityPoint

FOLDER = Path(__file__).parent / "version_0_1_0"

FILES: dict[str, Any] = {
    "searched/search.json": SearchDescription,
    "searched/result.json": SearchResult,
    "pruned/pruning.json": PruneSettings,
    "pruned/result.json": Pruning,
    "pruned/steps/1/plan.json": StepRecord,
    "deployed/deployments.jsonl": DeploymentRecord,
    "pruned/deployments.jsonl": DeploymentRecord,
    "compressed/result.json": Compression,
    "checkpoints/0/context.json": CheckpointContext,
    "sensitivities.jsonl": SensitivityContext | SensitivityPoint,
    "table.jsonl": Row,
}


GONE = {"simulated": False}
"""Keys that nothing ever set otherwise, and that are no longer written."""


def is_within(old: object, new: object) -> bool:
    """Whether everything that an old document says a new one says too."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            is_within(value, new[key]) if key in new else (key, value) in GONE.items()
            for key, value in old.items()
        )
    if isinstance(old, list):
        return (
            isinstance(new, list)
            and len(old) == len(new)
            and all(is_within(*pair) for pair in zip(old, new, strict=True))
        )
    return old == new


@pytest.mark.parametrize("name", FILES)
def test_every_document_is_read_and_written_with_all_that_it_says(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    documents = content.splitlines() if name.endswith(".jsonl") else [content]
    assert documents
    for document in documents:
        value = msgspec.json.decode(document, type=FILES[name], dec_hook=decode_hook)
        written = msgspec.json.encode(value, enc_hook=encode_hook)
        assert is_within(json.loads(document), json.loads(written))


def test_a_table_has_its_operators_and_networks() -> None:
    table = LatencyTable.read(FOLDER / "table.jsonl")
    assert len(table) == 7
    assert table.networks
    assert table.context.device == "host"


def test_sensitivities_are_read_from_their_file() -> None:
    found = SensitivityFile.read(FOLDER / "sensitivities.jsonl").sensitivities
    assert found.points
    assert found.context.metric == "accuracy"


def test_a_report_finds_the_deployment_and_the_pruning_of_a_run() -> None:
    evidence = read_run(FOLDER / "pruned")
    assert evidence.pruning is not None
    assert [record.id for record in evidence.deployments] == ["20261130-163752-bbb2"]


def test_a_configuration_is_still_one() -> None:
    read = read_configuration(FOLDER / "compress.yaml")
    assert read.compressor.epoch == 1
