"""Errors of networks that a fit has not seen, kept from one process to the next.

Where operators are estimated from whole networks, each network that is left out needs estimates of
its own, which takes a second or more. The errors follow from the table and from this package alone,
so they are kept in the user's cache, by a checksum of both. What cannot be kept is computed again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec

from edgeslim.errors import EdgeslimError
from edgeslim.files import read_json, write_json
from edgeslim.latency_rows import encode_row
from edgeslim.latency_table import LatencyTable

__all__ = ["left_out_errors"]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Relative error of each network's prediction by the others, by name."""

    errors: dict[str, float]


def left_out_errors(
    table: LatencyTable, compute: Callable[[], Mapping[str, float]]
) -> Mapping[str, float]:
    """The errors of a table's networks, each left out: as they are kept, or computed now.

    Args:
        table: Table that the errors follow from.
        compute: Function that computes them, by name of the network.
    """
    path = _folder() / f"{_digest(table)}.json"
    with suppress(EdgeslimError):
        return read_json(path, _Kept).errors
    errors = dict(compute())
    with suppress(EdgeslimError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, _Kept(errors=errors))
    return errors


def _folder() -> Path:
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_home) / "edgeslim" / "left-out"


def _digest(table: LatencyTable) -> str:
    """Checksum of the rows as they were read, and of the code that fits them."""
    found = hashlib.sha256(_code())
    for row in (table.context, *table.rows):
        found.update(encode_row(row))
    for copy in table.likes:
        found.update(encode_row(copy.context) + copy.digest.encode())
    return found.hexdigest()[:32]


@cache
def _code() -> bytes:
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.digest()
