"""What tests of whole compressions begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pruning.trained import save_trained


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a trained network that is compressed."""
    save_trained(tmp_path / "net")
    return tmp_path
