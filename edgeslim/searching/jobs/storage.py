"""An Optuna storage in a database, opened so that jobs are safe in it.

Optuna's own pops are not atomic on SQLite: it looks and then writes, and only the writing is a
transaction (four processes popped 63 times from 60 waiting trials). Here each transaction on
SQLite takes the file's write lock before it looks. All databases tell the time in UTC, since
heartbeats are written in the time zone of whoever writes them; and PostgreSQL ends transactions
in which nothing happens any more, so that a worker that was stopped cannot keep a lock.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from optuna.storages import RDBStorage
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from edgeslim.errors import StorageError
from edgeslim.searching.jobs.address import Address, parse_address
from edgeslim.searching.jobs.faults import (
    DATABASE_ERRORS,
    describe_trouble,
    is_already_made,
    is_transient,
    opening_error,
)
from edgeslim.searching.jobs.own_tables import create_tables
from edgeslim.searching.jobs.workers import process_fraction

__all__ = ["Storage", "open_storage"]

Answer = TypeVar("Answer")

_AT_CONNECT = {
    "postgresql": ("SET TIME ZONE 'UTC'", "SET idle_in_transaction_session_timeout = '10s'"),
    "mysql": ("SET time_zone = '+00:00'",),
    "sqlite": ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"),
}
"""With ``NORMAL``, a power failure may cost the last results but never spoils the file."""

_LOGGERS = ("optuna", "alembic", "sqlalchemy")
_OPENING_TRIES = 30
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Storage:
    """An open storage; it waits for a database that is away for a while.

    Args:
        address: Address of the database.
        rdb: Optuna's storage there. Only this package uses it.
        patience_s: Seconds that it waits for a database that does not answer any more.
        say: Called with one line when it begins to wait.
    """

    def __init__(
        self, address: Address, rdb: RDBStorage, *, patience_s: float, say: Callable[[str], None]
    ) -> None:
        self.address = address
        self.rdb = rdb
        self._patience_s = patience_s
        self._say = say
        self.troubled_at = -math.inf
        """When it last did not answer, by the monotonic clock."""

    @property
    def engine(self) -> Engine:
        """Connections to the database, set up as Optuna's are."""
        return self.rdb.engine

    def retry(self, action: Callable[[], Answer]) -> Answer:
        """Runs an action in the database, again and again while the database is away.

        The action may have taken effect although its answer was lost, so it must be one that can
        be repeated.

        Raises:
            StorageError: The database is away for too long, or fails otherwise.
        """
        began: float | None = None
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return action()
            except DATABASE_ERRORS as error:
                self.mark_trouble()
                words = describe_trouble(error, self.address)
                name = self.address.name
                if not is_transient(error, self.address):
                    raise StorageError(f"the storage {name} failed: {words}") from error
                if began is None:
                    began = time.monotonic()
                    if self._patience_s > 0:
                        self._say(f"waiting for the storage {name}: {words}")
                if time.monotonic() - began + pause_s > self._patience_s:
                    raise StorageError(
                        f"the storage {name} has not answered for "
                        f"{self._patience_s:g} s; start again when it does: {words}"
                    ) from error
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def mark_trouble(self) -> None:
        """Notes that the database did not answer just now."""
        self.troubled_at = time.monotonic()

    def close(self) -> None:
        """Closes its connections; it opens new ones if it is used again."""
        self.rdb.remove_session()
        self.rdb.engine.dispose()


def open_storage(
    url: str, *, patience_s: float = 120.0, say: Callable[[str], None] = lambda _line: None
) -> Storage:
    """Opens a storage, and creates its tables if there are none.

    Args:
        url: Address as SQLAlchemy writes it; see `file_url` for a file. PostgreSQL finds a password
            that is not in it by itself (``PGPASSWORD``, ``.pgpass``).
        patience_s: Seconds to wait for it later on, when it does not answer any more.
        say: Called with one line when waiting begins.

    Raises:
        UsageError: It is not an address.
        ProgramNotFoundError: The database's driver is not installed.
        StorageError: It does not answer, refuses the connection, or is not a storage.
    """
    address = parse_address(url)
    _keep_quiet()
    rdb = _open_database(address)
    engine = rdb.engine
    event.listen(engine, "connect", lambda raw, _record: _set_up(raw, address.database))
    if address.database == "sqlite":
        event.listen(engine, "begin", _lock_first)
    engine.dispose()  # the next connection is the first one that is set up
    storage = Storage(address, rdb, patience_s=patience_s, say=say)
    try:
        rdb.get_current_version()
        _create_own_tables(engine)
    except DATABASE_ERRORS as error:
        raise opening_error(error, address) from error
    return storage


def _open_database(address: Address) -> RDBStorage:
    """Creates the tables; where many processes do so at once, all but one try again."""
    url = address.secret_url.replace("{", "{{").replace("}", "}}")  # Optuna fills in templates
    tries = 0
    while True:
        tries += 1
        try:
            return RDBStorage(url, {"connect_args": dict(address.connect_arguments())})
        except (*DATABASE_ERRORS, ImportError, RuntimeError, AssertionError) as error:
            again = is_already_made(error) or isinstance(error, AssertionError)
            if not again or tries == _OPENING_TRIES:
                shown = error if _clean(error, address) else None
                raise opening_error(error, address) from shown
        time.sleep(0.05 + process_fraction() * 0.1)


def _create_own_tables(engine: Engine) -> None:
    """Creates our tables; where many processes do so at once, all but one try again."""
    tries = 0
    while True:
        tries += 1
        try:
            return create_tables(engine)
        except DATABASE_ERRORS as error:
            if not is_already_made(error) or tries == _OPENING_TRIES:
                raise
        time.sleep(0.05 + process_fraction() * 0.1)


def _clean(error: BaseException | None, address: Address) -> bool:
    """Whether an error and its causes may be shown: none has the password in it."""
    while error is not None:
        text = str(error)
        if address.without_password(text) != " ".join(text.split()):
            return False
        error = error.__cause__ or error.__context__
    return True


def _set_up(raw: Any, database: str) -> None:  # noqa: ANN401 - any driver's connection
    if database == "sqlite":
        raw.isolation_level = None  # sqlite3 begins no transactions by itself: _lock_first does
    cursor = raw.cursor()
    for statement in _AT_CONNECT.get(database, ()):
        _execute_when_free(cursor, statement)
    cursor.close()
    raw.commit()


def _execute_when_free(cursor: Any, statement: str) -> None:  # noqa: ANN401 - any driver's
    """Executes a statement, and again where SQLite finds the file locked.

    It changes a journal's mode only while nobody else works, and does not wait for that.
    """
    tries = 0
    while True:
        tries += 1
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or tries == _OPENING_TRIES:
                raise
        else:
            return
        time.sleep(0.05 + process_fraction() * 0.1)


def _lock_first(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _keep_quiet() -> None:
    """Keeps what libraries log from the terminal, unless the program set up logging."""
    import optuna

    optuna.logging.disable_default_handler()
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
