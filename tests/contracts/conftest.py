"""One transport of each kind, with a device at its other end.

Each has a fixture called ``<name>_transport`` (with ``_`` for ``-``).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeslim.device import Location
from edgeslim.transports import TRANSPORTS, Transport


@pytest.fixture
def adb_transport(adb_device: Location) -> Iterator[Transport]:
    """A device behind the real adb server."""
    yield from _made("adb", adb_device)


@pytest.fixture
def ssh_transport(ssh_device: Location) -> Iterator[Transport]:
    """A device with a real ssh server."""
    yield from _made("ssh", ssh_device)


@pytest.fixture
def local_transport() -> Iterator[Transport]:
    """This machine."""
    yield from _made("local", Location())


def _made(name: str, location: Location) -> Iterator[Transport]:
    transport = TRANSPORTS.get(name)(location)
    transport.connect()
    yield transport
    transport.close()


# Only this machine is reached without a server being started first.
_PARAMETERS = [
    pytest.param(name, marks=() if name == "local" else pytest.mark.slow)
    for name in TRANSPORTS.names()
]


@pytest.fixture(params=_PARAMETERS)
def transport(request: pytest.FixtureRequest) -> Transport:
    """Each transport on the shelf."""
    made: Transport = request.getfixturevalue(f"{request.param.replace('-', '_')}_transport")
    return made
