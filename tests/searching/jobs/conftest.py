"""Storages for the tests of jobs: a file, and a real PostgreSQL."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from edgeslim.searching.jobs.address import file_url
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import Storage, open_storage
from tests.searching.jobs.postgres import Cluster, postgres
from tests.searching.jobs.queues import queue

_NUMBERS = count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL for all tests that only read and write."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty storage of each kind."""
    if request.param == "sqlite":
        return file_url(tmp_path / "search.db")
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database(f"empty{next(_NUMBERS)}")


@pytest.fixture(scope="session")
def _opened(cluster: Cluster) -> Iterator[Storage]:
    """One database for all tests that do not need a new one."""
    storage = open_storage(cluster.new_database("shared"), patience_s=10)
    yield storage
    storage.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """An open storage of each kind, without studies."""
    if request.param == "sqlite":
        opened = open_storage(file_url(tmp_path / "search.db"), patience_s=10)
        yield opened
        opened.close()
        return
    shared: Storage = request.getfixturevalue("_opened")
    for study in shared.rdb.get_all_studies():
        shared.rdb.delete_study(study._study_id)
    shared.troubled_at = -math.inf
    yield shared


@pytest.fixture
def first(storage: Storage) -> JobQueue:
    return queue(storage)


@pytest.fixture
def second(storage: Storage, first: JobQueue) -> JobQueue:
    """Another process's, as far as the storage can tell."""
    return queue(storage)
