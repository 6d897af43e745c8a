"""Devices for tests: one behind the real adb server, one with a real ssh server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.device import Location
from tests.devices.adb_daemon import AdbDaemon, Faults
from tests.devices.adb_server import adb_server
from tests.devices.ssh_server import SshServer, ssh_server

__all__ = ["adb_daemon", "adb_device", "adb_port", "ssh_device", "sshd"]


@pytest.fixture(scope="session")
def adb_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an adb server of the tests' own."""
    with adb_server(tmp_path_factory.mktemp("adb")) as port:
        yield port


@pytest.fixture
def adb_daemon(adb_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbDaemon]:
    """A device that the server can be told of; it is told nothing yet."""
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(adb_port))
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    with AdbDaemon().listening() as daemon:
        yield daemon
        daemon.faults = Faults(refuse=True)
        daemon.disconnect(adb_port)


@pytest.fixture
def adb_device(adb_daemon: AdbDaemon, tmp_path: Path) -> Location:
    """Where that device is, with a folder of ours."""
    return Location(serial=adb_daemon.serial, folder=str(tmp_path / "adb device"))


@pytest.fixture(scope="session")
def _sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def sshd(_sshd: SshServer, monkeypatch: pytest.MonkeyPatch) -> SshServer:
    """A server whose key and user are known here."""
    monkeypatch.setenv("HOME", str(_sshd.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return _sshd


@pytest.fixture
def ssh_device(sshd: SshServer, tmp_path: Path) -> Location:
    """Where that server is, with a folder of ours."""
    return Location(host="127.0.0.1", port=sshd.port, folder=str(tmp_path / "ssh device"))
