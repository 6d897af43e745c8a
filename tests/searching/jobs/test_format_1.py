"""A search that the version before began, in its file, is read and finished.

The file has a table of 40 operators as text in attributes, two candidates that are done, and a
third that failed once, was given back, and whose worker elsewhere was killed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from edgeslim.searching.jobs.own_tables import _BYTES, _METADATA
from edgeslim.searching.jobs.storage import Storage, open_storage
from edgeslim.searching.jobs.study import _FORMAT
from edgeslim.searching.jobs.trials import Notes
from edgeslim.searching.shared_run import SharedRun
from tests.searching.jobs.queues import age
from tests.searching.searches import SPACE
from tests.values import table_at

pytestmark = pytest.mark.slow

FILE = Path(__file__).with_name("search_of_format_1.sql")
FIRST = ("studies", "trials")
"""Tables that others refer to."""


def restore(url: str) -> None:
    """Fills a database with the tables of the file."""
    text = FILE.read_text()
    if url.startswith("sqlite"):
        path = re.sub(r"^sqlite:///file:|\?.*$", "", url)
        with sqlite3.connect(path) as file:
            file.executescript(text)
        file.close()
        return
    opened = open_storage(url)
    _METADATA.drop_all(opened.engine)
    rows = re.findall(r'^(INSERT INTO "(\w+)".*);$', text, flags=re.MULTILINE)
    rows = [row for row in rows if row[1] not in {"alembic_version", "version_info"}]
    rows.sort(key=lambda row: FIRST.index(row[1]) if row[1] in FIRST else len(FIRST))
    with opened.engine.begin() as connection:
        for statement, _ in rows:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        for table in dict.fromkeys(row[1] for row in rows):
            key = sqlalchemy.inspect(connection).get_pk_constraint(table)["constrained_columns"][0]
            numbers = f"pg_get_serial_sequence('{table}', '{key}')"
            connection.exec_driver_sql(f"SELECT setval({numbers}, 1000)")
    opened.close()


@pytest.fixture
def opened(url: str) -> Iterator[Storage]:
    restore(url)
    storage = open_storage(url)
    yield storage
    storage.close()


def test_it_is_read(opened: Storage, tmp_path: Path) -> None:
    run = SharedRun.open(opened, "first")
    found = run.results()
    assert {number: each and each.accuracy for number, each in found.items()} == {0: 0.5, 1: 0.6}
    assert found[1] is not None
    assert found[1].measured_ms == (1.25, None, None)
    assert [each.latency_ms for each in run.networks(0, 1)] == [1.25]
    tables = run.tables(tmp_path)
    assert [len(table) for table in tables] == [40, 1, 1]
    status = run.status()["candidates"]
    assert (status.done, status.wasted, status.running[0].candidate) == (2, 2, 2)


def test_it_is_finished(opened: Storage) -> None:
    run = SharedRun.open(opened, "first")
    run.requeue_silent()  # the time of who beats in another table begins now
    age(opened, 3600)
    run.candidates._watched_since = dict.fromkeys(run.candidates._watched_since, -3600.0)
    assert run.candidates.requeue_silent() == [2]
    job = run.candidates.claim()
    assert job is not None
    with job:
        job.note(Notes(tokens=SPACE.initial_tokens, ranges=SPACE.ranges))
        job.finish(0.75)
    found = run.results()[2]
    assert found is not None
    assert found.accuracy == 0.75


def test_what_is_written_now_is_whole_and_not_text(opened: Storage, tmp_path: Path) -> None:
    run = SharedRun.open(opened, "first")
    content = bytes(range(256)) * 1000
    assert run._record.write_once("more", content) == content
    with opened.engine.connect() as connection:
        assert (
            connection.execute(sqlalchemy.select(sqlalchemy.func.count(_BYTES.c.sha256))).scalar()
            == 1
        )
    table = table_at(tmp_path / "new.jsonl")
    assert run._record.write_once("table 0", table.path.read_bytes()) != table.path.read_bytes()
    new = SharedRun.create(opened, "new", run.settings, [table.path] * 3)
    marks = opened.rdb.get_study_user_attrs(opened.rdb.get_study_id_from_name("new"))
    assert marks["edgeslim"]["format"] == _FORMAT
    assert new.results() == {}
