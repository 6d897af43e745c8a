"""Opening storages: what is refused, in one line, soon, and without the password."""

from __future__ import annotations

import logging
import sqlite3
import time
import traceback
from pathlib import Path
from threading import Timer
from urllib.parse import quote

import pytest

from edgeslim.errors import EdgeslimError, ProgramNotFoundError, StorageError, UsageError
from edgeslim.searching.jobs.address import file_url, parse_address
from edgeslim.searching.jobs.storage import Storage, _set_up, open_storage
from tests.searching.jobs.postgres import PASSWORD, Cluster
from tests.tools import run_python

pytestmark = pytest.mark.slow


def refused(url: str, kind: type[EdgeslimError]) -> str:
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        open_storage(url)
    assert type(caught.value) is kind
    assert time.monotonic() - began < 8
    text = str(caught.value)
    assert "\n" not in text
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(each in shown for each in (PASSWORD, quote(PASSWORD, safe=""), "hunter2"))
    return text


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "not an address"),
        ("search.db", "not an address"),
        ("redis://:hunter2@host", "'redis'"),
        ("postgres://u:hunter2@host/db", "postgresql://"),
        ("postgresql://u:hunter2@x@host/db", "%40"),
        ("postgresql://u:hunter2@host:port/db", "not an address"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql+nosuch://u:hunter2@host/db", "nosuch"),
    ],
)
def test_what_is_no_address_is_refused(url: str, says: str) -> None:
    assert says in refused(url, UsageError)


def test_a_driver_that_is_missing_is_named_with_its_mend() -> None:
    code = """
import sys
sys.modules["psycopg2"] = None
from edgeslim.errors import ProgramNotFoundError
from edgeslim.searching.jobs.storage import open_storage
try:
    open_storage("postgresql://u:hunter2@host/db")
except ProgramNotFoundError as error:
    print(error)
"""
    printed = run_python(code).strip()
    assert printed.endswith("pip install 'edgeslim[postgresql]'")
    assert "hunter2" not in printed
    assert "pymysql" in refused("mysql+pymysql://u:hunter2@host/db", ProgramNotFoundError)


def test_a_server_that_is_not_there_is_refused() -> None:
    assert "refused" in refused("postgresql://u:hunter2@127.0.0.1:1/db", StorageError)
    assert "translate host name" in refused("postgresql://u:hunter2@no.invalid/db", StorageError)


def test_who_is_not_let_in_is_told_why(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "password authentication" in refused(cluster.tcp("hunter2"), StorageError)
    right = cluster.tcp(quote(PASSWORD, safe=""), database="nosuch")
    assert 'database "nosuch" does not exist' in refused(right, StorageError)
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    none = f"postgresql://tester@127.0.0.1:{cluster.port}/postgres"
    assert "PGPASSWORD" in refused(none, StorageError)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    open_storage(none).close()


def test_who_may_not_make_tables_is_told_so(cluster: Cluster) -> None:
    cluster.sql("CREATE ROLE guest LOGIN")
    url = cluster.new_database("guarded").replace("tester@", "guest@")
    assert "let the user create tables" in refused(url, StorageError)


def test_a_password_of_any_characters_opens_and_is_hidden(cluster: Cluster) -> None:
    url = cluster.tcp(quote(PASSWORD, safe=""))
    storage = open_storage(url)
    for text in (str(storage.address), storage.address.name, repr(storage.address)):
        assert "tester@127.0.0.1" in text
        assert quote(PASSWORD, safe="") not in text
    told = storage.address.without_password(f"no {PASSWORD} and no\n {quote(PASSWORD, safe='')}")
    assert told == "no *** and no ***"
    storage.close()


def test_a_password_in_the_query_is_hidden() -> None:
    address = parse_address("postgresql://host/db?user=u&password=hunter2&sslmode=require")
    assert str(address) == "postgresql://host/db?sslmode=require&user=u"
    assert address.without_password("hunter2") == "***"


def test_what_the_address_says_is_not_overruled() -> None:
    address = parse_address("postgresql://host/db?connect_timeout=60")
    assert "connect_timeout" not in address.connect_arguments()


def test_tables_of_another_optuna_are_refused(url: str) -> None:
    storage = open_storage(url)
    with storage.rdb.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    storage.close()
    assert "another version of Optuna" in refused(url, StorageError)


def test_files_of_something_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes, and no database at all" * 100)
    assert "something else" in refused(file_url(tmp_path / "notes.txt"), StorageError)
    assert "folder" in refused(file_url(tmp_path / "nosuch" / "search.db"), StorageError)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE version_info (name TEXT)")
    other.close()
    assert "version_info" in refused(file_url(tmp_path / "other.db"), StorageError)


@pytest.mark.parametrize("name", ["a b.db", "what?#.db", "{x} 50%.db", "größe.db", "%41.db"])
def test_a_file_of_any_name_is_made_where_it_should_be(tmp_path: Path, name: str) -> None:
    storage = open_storage(file_url(tmp_path / name))
    assert storage.address.name == str(tmp_path / name)
    storage.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_many_may_open_a_new_storage_at_once(url: str) -> None:
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import open_storage

def join(number):
    storage = open_storage(sys.argv[1])
    JobQueue(storage, "search").ensure([number])
    storage.close()

with ThreadPoolExecutor(8) as pool:
    list(pool.map(join, range(8)))
storage = open_storage(sys.argv[1])
print(JobQueue(storage, "search").status().waiting)
"""
    assert run_python(code, url) == "(0, 1, 2, 3, 4, 5, 6, 7)\n"


def test_a_file_that_is_locked_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    url = file_url(tmp_path / "search.db")
    open_storage(url).close()
    # Not a storage's own lock: the mode of the journal is the first thing that it writes.
    other = sqlite3.connect(
        tmp_path / "search.db", isolation_level=None, check_same_thread=False, timeout=0
    )
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN EXCLUSIVE")
    own = sqlite3.connect(tmp_path / "search.db", timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        own.execute("PRAGMA journal_mode = WAL")
    Timer(0.3, other.execute, ["COMMIT"]).start()
    _set_up(own, "sqlite")
    assert own.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_nothing_is_said_to_the_terminal(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    storage = open_storage(url)
    storage.rdb.create_new_study([], "quiet")
    logging.getLogger("optuna.storages").warning("loud")
    logging.getLogger("sqlalchemy.pool").error("louder")
    storage.close()
    assert capfd.readouterr() == ("", "")


def test_one_of_many_pops_a_trial(url: str) -> None:
    """Optuna's own storage lets two have it on SQLite."""
    code = """
import sys
from multiprocessing import get_context
import optuna
from optuna.trial import TrialState
from edgeslim.searching.jobs.storage import open_storage

def pop(url, begin):
    rdb = open_storage(url).rdb
    study = rdb.get_study_id_from_name("pops")
    trials = rdb.get_all_trials(study)
    begin.wait()
    return [t.number for t in trials if rdb.set_trial_state_values(t._trial_id, TrialState.RUNNING)]

if __name__ == "__main__":
    from concurrent.futures import ProcessPoolExecutor
    rdb = open_storage(sys.argv[1]).rdb
    study = rdb.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "pops")
    for _ in range(50):
        rdb.create_new_trial(study, optuna.create_trial(state=TrialState.WAITING))
    rdb.engine.dispose()
    context = get_context("fork")
    begin = context.Manager().Barrier(4)
    with ProcessPoolExecutor(4, context) as pool:
        popped = list(pool.map(pop, [sys.argv[1]] * 4, [begin] * 4))
    print(sorted(sum(popped, [])) == list(range(50)))
"""
    assert run_python(code, url) == "True\n"


def test_the_database_tells_the_time_in_utc(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    storage = open_storage(cluster.url())
    with storage.rdb.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"
    storage.close()


def test_a_stopped_worker_does_not_keep_its_locks(cluster: Cluster) -> None:
    storage = open_storage(cluster.url())
    with storage.rdb.engine.connect() as connection:
        limit = "SHOW idle_in_transaction_session_timeout"
        assert connection.exec_driver_sql(limit).scalar() == "10s"
    storage.close()


def test_an_address_without_its_password_opens_the_same(storage: Storage) -> None:
    again = parse_address(str(storage.address))
    assert again.secret_url == storage.address.secret_url
