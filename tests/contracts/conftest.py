"""One transport of each kind, with a device at its other end.

A transport that needs a device of its own gets one from a fixture called
``<name>_transport`` (with ``_`` for ``-``); the others are made as they are.
"""

from __future__ import annotations

import pytest

from edgeslim.transports import TRANSPORTS, Transport


@pytest.fixture(params=TRANSPORTS.names())
def transport(request: pytest.FixtureRequest) -> Transport:
    """Each transport on the shelf."""
    name = request.param
    try:
        made: Transport = request.getfixturevalue(f"{name.replace('-', '_')}_transport")
    except pytest.FixtureLookupError:
        made = TRANSPORTS.get(name)()
    return made
