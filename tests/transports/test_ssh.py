"""Ssh servers: host keys are proved, configuration is read, and file services may be missing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from edgeslim.device import Location
from edgeslim.errors import DeviceNotFoundError, DeviceRefusedError
from edgeslim.transports import TRANSPORTS
from tests.devices.ssh_server import SshServer, ssh_server
from tests.tools import program, run_python

pytestmark = pytest.mark.slow


@pytest.fixture
def home(sshd: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that may be changed, with the key and the known host of the server."""
    home = tmp_path / "home"
    shutil.copytree(sshd.home, home)
    monkeypatch.setenv("HOME", str(home))
    return home


def place(sshd: SshServer, tmp_path: Path) -> Location:
    return Location(host="127.0.0.1", port=sshd.port, folder=str(tmp_path / "device"))


def connect(location: Location) -> None:
    transport = TRANSPORTS.get("ssh")(location)
    transport.connect()
    assert transport.run(["echo", "there"], timeout_s=30).output == b"there\n"
    transport.close()


def test_an_unknown_host_is_refused_with_the_command_that_adds_it(
    sshd: SshServer, home: Path, tmp_path: Path
) -> None:
    known = home / ".ssh" / "known_hosts"
    known.unlink()
    with pytest.raises(DeviceRefusedError, match="is not known; compare its fingerprint") as told:
        connect(place(sshd, tmp_path))
    assert not known.exists(), "nothing is trusted by itself"
    command = str(told.value).partition("add it: ")[2]
    subprocess.run([program("bash"), "-c", command], check=True, capture_output=True)
    connect(place(sshd, tmp_path))


def test_a_changed_host_is_refused_with_the_command_that_forgets_it(
    sshd: SshServer, home: Path, tmp_path: Path
) -> None:
    known = home / ".ssh" / "known_hosts"
    other = (home / ".ssh" / "id_ed25519.pub").read_text().split()[1]
    known.write_text(f"[127.0.0.1]:{sshd.port} ssh-ed25519 {other}\n")
    with pytest.raises(DeviceRefusedError, match="is not the one that is known") as told:
        connect(place(sshd, tmp_path))
    assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}'" in str(told.value)


def test_a_key_that_is_not_let_in_is_refused_with_the_mend(
    sshd: SshServer, home: Path, tmp_path: Path
) -> None:
    for key in ("id_ed25519", "id_ed25519.pub"):
        (home / ".ssh" / key).unlink()
    with pytest.raises(DeviceRefusedError, match=r"refuses the login .*; ssh-copy-id -p"):
        connect(place(sshd, tmp_path))


def test_a_key_may_be_named_and_an_alias_may_say_everything(
    sshd: SshServer, home: Path, tmp_path: Path
) -> None:
    key = (home / ".ssh" / "id_ed25519").rename(tmp_path / "my key")
    location = place(sshd, tmp_path)
    connect(Location(host=location.host, port=location.port, folder=location.folder, key=str(key)))
    (home / ".ssh" / "config").write_text(
        f"Host board\n  HostName 127.0.0.1\n  Port {sshd.port}\n  IdentityFile {tmp_path}/my key\n"
        f"  UserKnownHostsFile {home}/.ssh/known_hosts\n"
    )
    connect(Location(host="board", folder=location.folder))


def test_a_proxy_command_makes_the_way(sshd: SshServer, home: Path, tmp_path: Path) -> None:
    bridge = tmp_path / "bridge.py"
    bridge.write_text(
        "import socket, sys, threading, os\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def up():\n"
        "    while (d := os.read(0, 65536)): s.sendall(d)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while (d := s.recv(65536)): os.write(1, d)\n"
    )
    (home / ".ssh" / "config").write_text(
        f"Host board\n  HostName 127.0.0.1\n  Port {sshd.port}\n"
        f"  ProxyCommand python3 {bridge} %h %p\n"
    )
    connect(Location(host="board", folder=str(tmp_path / "device")))


def test_a_server_without_a_file_service_gets_and_gives_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 8192
    (tmp_path / "source").write_bytes(content)
    (tmp_path / "source").chmod(0o755)
    with ssh_server(tmp_path / "server", with_files=False) as server:
        monkeypatch.setenv("HOME", str(server.home))
        transport = TRANSPORTS.get("ssh")(place(server, tmp_path))
        transport.connect()
        with transport.folder() as folder:
            transport.push(tmp_path / "source", folder / "a 'b'")
            transport.pull(folder / "a 'b'", tmp_path / "fetched")
            argv = ["sh", "-c", '[ -x "$1" ]', "sh", str(folder / "a 'b'")]
            assert transport.run(argv, timeout_s=30).status == 0
        transport.close()
    assert (tmp_path / "fetched").read_bytes() == content


@pytest.fixture
def _no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("_no_home")
def test_where_nothing_answers_nothing_is_found() -> None:
    with pytest.raises(DeviceNotFoundError, match=r"nothing answers at \[127\.0\.0\.1\]:1 "):
        connect(Location(host="127.0.0.1", port=1))
    with pytest.raises(DeviceNotFoundError, match="no host is named; say --host NAME"):
        connect(Location())


@pytest.mark.usefixtures("_no_home")
def test_a_port_that_accepts_and_closes_is_one_line_and_no_trace() -> None:
    code = """
import sys
from edgeslim.device import Location
from edgeslim.errors import DeviceNotFoundError
from edgeslim.transports import TRANSPORTS
sys.stderr = sys.stdout
try:
    TRANSPORTS.get("ssh")(Location(host="127.0.0.1", port=int(sys.argv[1]))).connect()
except DeviceNotFoundError as error:
    print(error)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept_and_close() -> None:
            connection, _ = server.accept()
            connection.close()

        port = server.getsockname()[1]
        closing = threading.Thread(target=accept_and_close)
        closing.start()
        said = run_python(code, port)
        closing.join()
    assert said == (
        f"something answers at [127.0.0.1]:{port} and is no ssh server: it closed the connection "
        "or did not say what it is; see that an ssh server runs there, and --host and --port\n"
    )
