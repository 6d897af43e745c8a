"""One trained model for all tests of pruning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

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
