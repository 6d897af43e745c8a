"""A real ssh server on loopback, with keys and a home of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.devices.ports import await_server, free_port
from tests.tools import missing, program

__all__ = ["SshServer", "ssh_server"]

_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
MaxStartups 200
MaxSessions 200
SetEnv HOME={folder}/board
{files}
"""
"""The board's home is empty: what a shell does at its start would be done at each command."""


@dataclass(slots=True)
class SshServer:
    """A server that lets the key in ``home`` in.

    Args:
        port: Its port on loopback.
        home: Folder with ``.ssh``: a key, and the server among the known hosts.
        process: The server itself; its children serve connections.
    """

    port: int
    home: Path
    process: subprocess.Popen[bytes]

    def cut(self) -> None:
        """Breaks every connection; commands run on."""
        for child in _children(self.process.pid):
            for process in [child, *_children(child)]:
                name = Path(f"/proc/{process}/comm")
                with contextlib.suppress(OSError):
                    if name.read_text().startswith("sshd"):
                        os.kill(process, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [int(each) for each in text.split()]
    return []


@contextlib.contextmanager
def ssh_server(folder: Path, *, with_files: bool = True) -> Iterator[SshServer]:
    """A server until the context ends.

    Args:
        folder: Where its files go.
        with_files: Whether it has a file service; small servers have none.
    """
    daemon = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/sbin")
    if daemon is None:
        missing("openssh-server is not installed")
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True)
    (folder / "board").mkdir()
    for key in (folder / "host_key", home / ".ssh" / "id_ed25519"):
        subprocess.run(
            [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True
        )
    shutil.copy(home / ".ssh" / "id_ed25519.pub", folder / "authorized_keys")
    port = free_port()
    host_key = (folder / "host_key.pub").read_text().split()[:2]
    (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host_key)}\n")
    files = "Subsystem sftp internal-sftp" if with_files else ""
    (folder / "config").write_text(_CONFIG.format(port=port, folder=folder, files=files))
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it, and does nothing there
    process = subprocess.Popen(
        [daemon, "-D", "-f", str(folder / "config"), "-E", str(folder / "log")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = SshServer(port=port, home=home, process=process)
    try:
        await_server(port)
        yield server
    finally:
        server.cut()
        process.kill()
        process.wait()
