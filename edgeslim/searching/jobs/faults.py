"""Errors of databases and of Optuna as errors of edgeslim, and which of them are transient."""

from __future__ import annotations

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)

from edgeslim.errors import EdgeslimError, ProgramNotFoundError, StorageError, UsageError
from edgeslim.searching.jobs.address import Address

__all__ = [
    "DATABASE_ERRORS",
    "describe_trouble",
    "is_already_made",
    "is_transient",
    "opening_error",
]

DATABASE_ERRORS = (StorageInternalError, SQLAlchemyError)
"""Every type of error that trouble with a database raises."""

_LONGEST = 400
"""Characters of a database's own words that are repeated."""

_MENDS = {
    "no password supplied": "; set PGPASSWORD, or write ~/.pgpass",
    "file is not a database": "; it is a file of something else",
    "unable to open database file": "; is its folder there, and may you write to it?",
    "permission denied for schema": "; let the user create tables there",
    "database is locked": "; is a process that works on it stopped?",
}

_DRIVERS = {"postgresql": "edgeslim[postgresql]", "mysql": "pymysql"}


def describe_trouble(error: BaseException, address: Address) -> str:
    """The message of a database's error, on one line and without the password."""
    found = _database_error(error)
    own = found.orig if isinstance(found, DBAPIError) and found.orig is not None else None
    text = address.without_password(str(own or found or error)).strip("() ")
    mends = [mend for sign, mend in _MENDS.items() if sign in text]
    return f"{text[:_LONGEST]}{mends[0] if mends else ''}"


def is_transient(error: BaseException, address: Address) -> bool:
    """Whether the same action may succeed later: the database is away, or locked by another."""
    found = _database_error(error)
    if not isinstance(found, DBAPIError):
        return False
    if address.database == "sqlite":
        return isinstance(found, OperationalError) and "locked" in str(found.orig)
    return found.connection_invalidated or isinstance(found, OperationalError | InterfaceError)


def is_already_made(error: BaseException) -> bool:
    """Whether a table could not be created because another process just created it."""
    text = str(_database_error(error) or "").lower()
    return any(sign in text for sign in ("already exists", "duplicate", "unique constraint"))


def opening_error(error: BaseException, address: Address) -> EdgeslimError:
    """The error of a storage that could not be opened."""
    if isinstance(error, ImportError):
        package = _DRIVERS.get(address.database, "its driver")
        return ProgramNotFoundError(
            f"the driver of {address.name} is not installed; pip install '{package}'"
        )
    if isinstance(error, RuntimeError) and "table schema" in str(error):
        return StorageError(
            f"the storage {address.name} was made by another version of Optuna, with other tables; "
            "bring it up to date with 'optuna storage upgrade', or give another database"
        )
    if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError):
        return UsageError(
            f"the storage {address.name} is not known: {describe_trouble(error, address)}"
        )
    return StorageError(
        f"the storage {address.name} cannot be used: {describe_trouble(error, address)}"
    )


def _database_error(error: BaseException | None) -> SQLAlchemyError | None:
    """The database's error behind an error: Optuna goes on after some, and fails later."""
    found = None
    while error is not None:
        if isinstance(error, SQLAlchemyError) and not isinstance(found, DBAPIError):
            found = error
        if isinstance(error, DBAPIError):
            found = error
        error = error.__cause__ or error.__context__
    return found
