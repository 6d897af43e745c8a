"""The same device as the tests of measuring have."""

from __future__ import annotations

from tests.measuring.conftest import session, table

__all__ = ["session", "table"]
