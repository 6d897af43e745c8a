"""One trained model for all tests of pruning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from tests.pruning.tables import made_up_table
from tests.pruning.trained import save_trained


@dataclass(frozen=True)
class Trained:
    """A saved model, ``prefix.pdmodel``, and how accurate it was when it was saved."""

    prefix: Path
    accuracy: float


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    prefix = tmp_path_factory.mktemp("trained") / "net"
    return Trained(prefix, save_trained(prefix))


@pytest.fixture(scope="session")
def table(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of the model's operators with made-up times."""
    folder = tmp_path_factory.mktemp("table")
    made_up_table(folder / "host.jsonl", prepare(find_model(str(trained.prefix)), folder / "model"))
    return folder / "host.jsonl"
