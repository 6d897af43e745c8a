"""edgeslim's own tables, in the same database as Optuna's.

Optuna can record a heartbeat, but not say how old one is, and it keeps bytes only as text in the
attributes of a trial. So heartbeats and large values have tables that only this module knows.
Heartbeats belong to trials by their identifier. Values are found by their checksum, so it does not
matter who writes the same bytes first.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

__all__ = ["create_tables", "heartbeat_ages_s", "read_bytes_of", "record_heartbeat", "store_bytes"]

_METADATA = sqlalchemy.MetaData()

_BEATS = sqlalchemy.Table(
    "edgeslim_heartbeats",
    _METADATA,
    sqlalchemy.Column("trial_id", sqlalchemy.Integer, primary_key=True, autoincrement=False),
    sqlalchemy.Column("heartbeat", sqlalchemy.DateTime, nullable=False),
)

_BYTES = sqlalchemy.Table(
    "edgeslim_bytes",
    _METADATA,
    sqlalchemy.Column("sha256", sqlalchemy.String(64), primary_key=True),
    # With this length it is MySQL's LONGBLOB; its plain one ends at 65,535 bytes.
    sqlalchemy.Column("content", sqlalchemy.LargeBinary(2**32 - 1), nullable=False),
)


def create_tables(engine: Engine) -> None:
    """Creates the tables that are missing; may fail where another process does so too."""
    _METADATA.create_all(engine)


def record_heartbeat(engine: Engine, trial_id: int) -> None:
    """Records that the process that has a trial is alive, by the database's clock."""
    now = sqlalchemy.func.current_timestamp()
    known = sqlalchemy.update(_BEATS).where(_BEATS.c.trial_id == trial_id).values(heartbeat=now)
    with engine.begin() as connection:
        is_known = connection.execute(known).rowcount > 0
    if not is_known:
        new = sqlalchemy.insert(_BEATS).values(trial_id=trial_id, heartbeat=now)
        _execute_either(engine, new, known)


def heartbeat_ages_s(engine: Engine, trial_ids: Collection[int]) -> dict[int, float]:
    """Seconds since each trial's last heartbeat, by the database's clock; without those of none."""
    columns = (_BEATS.c.trial_id, _BEATS.c.heartbeat, sqlalchemy.func.now())
    query = sqlalchemy.select(*columns).where(_BEATS.c.trial_id.in_(trial_ids))
    with engine.connect() as connection:
        return {
            trial_id: (now.replace(tzinfo=None) - beat).total_seconds()
            for trial_id, beat, now in connection.execute(query)
        }


def store_bytes(engine: Engine, sha256: str, content: bytes) -> None:
    """Stores bytes under their checksum, in one transaction; what was damaged is whole again."""
    new = sqlalchemy.insert(_BYTES).values(sha256=sha256, content=content)
    again = sqlalchemy.update(_BYTES).where(_BYTES.c.sha256 == sha256).values(content=content)
    _execute_either(engine, new, again)


def read_bytes_of(engine: Engine, sha256: str) -> bytes | None:
    """The bytes of a checksum; None if there are none."""
    query = sqlalchemy.select(_BYTES.c.content).where(_BYTES.c.sha256 == sha256)
    with engine.connect() as connection:
        found = connection.execute(query).scalar()
    return None if found is None else bytes(found)


def _execute_either(engine: Engine, new: sqlalchemy.Insert, known: sqlalchemy.Update) -> None:
    """Adds a row, or changes it if it is there: databases have no statement in common for both."""
    try:
        with engine.begin() as connection:
            connection.execute(new)
    except IntegrityError:
        with engine.begin() as connection:
            connection.execute(known)
