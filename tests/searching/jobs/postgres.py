"""A private PostgreSQL for tests: a cluster in a temporary folder, on a socket and a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools import missing

__all__ = ["PASSWORD", "Cluster", "postgres"]

PASSWORD = "s3cret/p@ss:w%rd"  # noqa: S105 - for the test alone, and hard to escape


class Cluster:
    """A running server; it trusts its socket, and wants a password on its port."""

    def __init__(self, folder: Path, programs: Path, *, durable: bool) -> None:
        self.folder = folder
        self.port = _free_port()
        self._programs = programs
        self._durable = durable

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tester@/{database}?host={self.folder}&port={self.port}"

    def tcp(self, password: str, user: str = "tester", database: str = "postgres") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        words = self.folder / "password"
        words.write_text(PASSWORD)
        words.chmod(0o644)
        self._run(
            *("initdb", "-D", self.folder / "data", "-U", "tester", "--no-sync"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={words}"),
        )

    def start(self) -> None:
        options = (
            f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 "
            f"-c fsync={'on' if self._durable else 'off'}"
        )
        self._control("start", "-o", options, "-l", self.folder / "log")

    def stop(self, how: str = "fast") -> None:
        self._control("stop", "-m", how)

    def sql(self, statement: str, database: str = "postgres") -> str:
        return self._run(
            *("psql", "-h", self.folder, "-p", self.port, "-U", "tester", "-d", database),
            *("-X", "-q", "-A", "-t", "-c", statement),
        ).strip()

    def new_database(self, name: str) -> str:
        """Makes an empty database; returns its url."""
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def _control(self, *arguments: object) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-t", "30", *arguments)

    def _run(self, name: str, *arguments: object) -> str:
        completed = subprocess.run(
            [str(self._programs / name), *map(str, arguments)],
            user=_owner(),  # PostgreSQL refuses to run as root
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if name == "psql" else subprocess.DEVNULL,
            stderr=None,
            text=True,
            timeout=60,
            check=True,
        )
        return completed.stdout or ""


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Cluster]:
    """A running cluster, gone at the end; skips the test where PostgreSQL is not installed.

    A durable one waits for the disk at each commit, as any in earnest does.
    """
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        missing("PostgreSQL is not installed")
    programs = (found[-1] if found else Path(str(on_path))).parent
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        if (owner := _owner()) is not None:
            shutil.chown(folder, owner)
        cluster = Cluster(folder, programs, durable=durable)
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
