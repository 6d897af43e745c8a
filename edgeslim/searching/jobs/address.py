"""Addresses of storages, shown without passwords, and how each database is reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from edgeslim.errors import UsageError

__all__ = ["Address", "file_url", "parse_address"]

_FORMS = "sqlite:///FILE, postgresql://USER@HOST/DATABASE or mysql+pymysql://USER@HOST/DATABASE"

_CONNECT_S = 5
"""How long a database may take to answer a new connection."""

_BUSY_S = 30
"""How long a process waits for others that write to the same SQLite file."""


class Address:
    """The address of a storage; its text never has the password in it.

    Args:
        url: The address, parsed by SQLAlchemy.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        plain = {password for password in (url.password, url.query.get("password")) if password}
        texts = {
            form for password in plain for form in (str(password), quote(str(password), safe=""))
        }
        self._secrets = sorted(texts, key=len, reverse=True)

    def __str__(self) -> str:
        """The address without its password, which may be stored and used again."""
        shown = self._url.difference_update_query(["password"])._replace(password=None)
        return shown.render_as_string()

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    @property
    def name(self) -> str:
        """Its name in messages: the file, or the address."""
        if self.database != "sqlite":
            return str(self)
        path = self._url.database or ""
        return unquote(path.removeprefix("file:")) if "uri" in self._url.query else path

    @property
    def secret_url(self) -> str:
        """The whole address with its password, only for the library that connects."""
        return self._url.render_as_string(hide_password=False)

    @property
    def database(self) -> str:
        """The kind of database: ``sqlite``, ``postgresql``, ``mysql`` and more."""
        return self._url.get_backend_name()

    def without_password(self, text: str) -> str:
        """A text on one line, with stars in place of the password."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())

    def connect_arguments(self) -> Mapping[str, object]:
        """Arguments for the database's driver that the address itself does not give."""
        driver = self._url.get_driver_name()
        wanted: dict[str, object] = {}
        if self.database == "sqlite":
            wanted = {"timeout": _BUSY_S}
        elif driver == "psycopg2":
            # A pulled cable is noticed within half a minute and not after hours.
            wanted = {
                "connect_timeout": _CONNECT_S,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 4,
                "tcp_user_timeout": 30_000,
                "application_name": "edgeslim",
            }
        elif driver in {"pymysql", "mysqldb"}:
            wanted = {"connect_timeout": _CONNECT_S}
        return {key: value for key, value in wanted.items() if key not in self._url.query}


def parse_address(text: str) -> Address:
    """Parses the address that a user wrote.

    Raises:
        UsageError: It is not an address, or several processes cannot share the database.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError(
            f"{_hide_password(text)!r} is not an address of a storage; write it like {_FORMS}"
        ) from None
    kind = url.get_backend_name()
    if kind == "postgres":
        raise UsageError(f"write postgresql:// and not postgres:// in {_hide_password(text)!r}")
    try:
        url.get_driver_name()
    except (ArgumentError, ImportError):
        raise UsageError(
            f"{kind!r} in {_hide_password(text)!r} is not a database that is known here; "
            f"write the storage like {_FORMS}"
        ) from None
    if kind != "sqlite" and "@" in f"{url.host}{url.database}":
        raise UsageError(
            f"more than one @ in {_hide_password(text)!r}; "
            "write @ in a password as %40, / as %2F, : as %3A and % as %25"
        )
    if kind == "sqlite" and url.database in {None, "", ":memory:"}:
        raise UsageError("a storage in memory is lost with its process; write sqlite:///FILE")
    return Address(url)


def file_url(file: Path) -> str:
    """The address of an SQLite file, whatever characters are in its name."""
    return f"sqlite:///file:{quote(str(file.absolute()))}?uri=true"


def _hide_password(text: str) -> str:
    """A text that could not be parsed, with stars where a password would be."""
    text = re.sub(r"(?<=://).*@", "***@", text)
    return re.sub(r"(?<=password=)[^&]*", "***", text)
