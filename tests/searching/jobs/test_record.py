"""What all processes agree on: written once, whole, of any size."""

from __future__ import annotations

import os

import pytest
import sqlalchemy

from edgeslim.errors import StorageError, UsageError
from edgeslim.searching.jobs.own_tables import _BYTES
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.record import Record
from edgeslim.searching.jobs.storage import Storage
from tests.tools import run_python

pytestmark = pytest.mark.slow

LARGE = os.urandom(1_500_000)


@pytest.mark.parametrize(
    "value",
    [b"", b"{}", "größe".encode(), b"\0", b"\xff\xfe", b"a" * 4999, b"a" * 200_000, LARGE],
    ids=["empty", "json", "utf-8", "nul", "bytes", "just inline", "packed", "large"],
)
def test_a_value_is_read_as_it_was_written(storage: Storage, value: bytes) -> None:
    record = Record(storage, "record")
    assert record.read("table") is None
    assert record.write_once("table", value) == value
    assert Record(storage, "record").read("table") == value
    assert record.read("another") is None


@pytest.mark.parametrize("values", [(b"first", b"second"), (LARGE, LARGE[::-1]), (b"short", LARGE)])
def test_what_is_written_first_stays(storage: Storage, values: tuple[bytes, bytes]) -> None:
    first, second = Record(storage, "record"), Record(storage, "record")
    assert first.write_once("table", values[0]) == values[0]
    assert second.write_once("table", values[1]) == values[0]


def test_no_text_is_longer_than_every_database_takes(storage: Storage) -> None:
    record = Record(storage, "record")
    record.write_once("text", "\U0001f600".encode() * 4_999)
    with storage.rdb.engine.connect() as connection:
        query = "SELECT max(length(value_json)) FROM trial_user_attributes"
        longest = connection.exec_driver_sql(query).scalar()
    assert longest is not None
    assert 50_000 < longest < 65_535


def test_many_who_write_at_once_get_the_same(url: str) -> None:
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from edgeslim.searching.jobs.record import Record
from edgeslim.searching.jobs.storage import open_storage

def write(number):
    storage = open_storage(sys.argv[1])
    value = Record(storage, "record").write_once("table", bytes([number]) * 10)
    storage.close()
    return value

with ThreadPoolExecutor(6) as pool:
    values = list(pool.map(write, range(128, 134)))
storage = open_storage(sys.argv[1])
print(set(values) == {Record(storage, "record").read("table")})
"""
    assert run_python(code, url) == "True\n"


def test_a_study_of_something_else_is_no_record(storage: Storage) -> None:
    JobQueue(storage, "search")
    with pytest.raises(UsageError, match="its objectives are"):
        Record(storage, "search")


@pytest.mark.parametrize("value", [b"settings", LARGE])
def test_a_value_that_was_damaged_is_not_believed(storage: Storage, value: bytes) -> None:
    record = Record(storage, "record")
    record.write_once("table", value)
    with storage.rdb.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE trial_user_attributes SET value_json = '\"AAAA\"' WHERE key = 'text'"
        )
        connection.execute(sqlalchemy.update(_BYTES).values(content=b"AAAA"))
    with pytest.raises(StorageError, match=r"'table' of 'record' in .* is not what was written"):
        record.read("table")
