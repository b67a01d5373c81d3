"""Publishing: exactly once, atomically, one writer at a time, and back again."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import duckdb
import pyarrow.parquet as pq
import pytest
from builders import ROOT, flat_csv, flat_line, stored_rows
from filelock import FileLock

from ingest import pipeline
from ingest.engine import SET_THREADS, run
from ingest.pipeline import ingest_exports
from ingest.report import IngestError
from ingest.upkeep import undo
from queries.store import Store, StoreError


@pytest.fixture
def store(tmp_path):
    """Return a store that does not exist yet."""
    return Store(tmp_path / "store")


@pytest.fixture
def export(tmp_path):
    """Return a function that writes a flat export of some days, a session a day."""

    def write(name, *days, **cells):
        lines = (flat_line(fullVisitorId="77", visitId=str(1499201738), date=day, **cells) for day in days)
        return flat_csv(tmp_path / name, *lines)

    return write


def leftovers(store):
    """Return files of the store that no version needs, and staging."""
    known = {file for version in range(store.table().version() + 1) for file in store.table(version).file_uris()}
    parts = [str(path) for path in store.sessions.rglob("*.parquet") if str(path) not in known]
    return parts + [str(path) for path in (store.path / "staging").glob("*")]


def test_ingesting_twice_changes_nothing(store, export):
    path = export("a.csv", "20170704", "20170801")
    first = ingest_exports([path], store)
    again = ingest_exports([path, path], store)
    assert (first.version_before, first.version_after, first.changed) == (None, 0, True)
    assert (again.version_before, again.version_after, again.changed) == (0, 0, False)
    assert [(file.sessions_added, file.duplicates) for file in again.files] == [(0, 2)]
    assert leftovers(store) == []


@pytest.mark.parametrize("days", [("20170704", "20170706", "20170705"), ("20170704", "20170705", "20170706")])
def test_a_month_is_written_day_by_day_whether_its_export_is_or_not(store, export, days):
    ingest_exports([export("a.csv", *days)], store)
    (part,) = store.table().file_uris()
    assert pq.read_table(part, columns=["session_date"])["session_date"].to_pylist() == [
        dt.date(2017, 7, day) for day in (4, 5, 6)
    ]


def test_files_in_another_order_than_their_days_give_a_month_day_by_day(store, export):
    ingest_exports([export("a.csv", "20170706"), export("b.csv", "20170704", "20170705")], store)
    (part,) = store.table().file_uris()
    days = pq.read_table(part, columns=["session_date"])["session_date"].to_pylist()
    assert days == sorted(days)


def test_an_overlapping_export_adds_only_what_is_new_and_touches_only_its_months(store, export):
    ingest_exports([export("a.csv", "20170704", "20170801")], store)
    before = {path.parent.name: path for path in store.sessions.rglob("*.parquet")}
    (report,) = ingest_exports([export("b.csv", "20170801", "20170802")], store).files
    assert (report.sessions_added, report.duplicates) == (1, 1)
    files = store.table().file_uris()
    assert str(before["session_month=2017-07"]) in files
    assert str(before["session_month=2017-08"]) not in files
    assert [row["session_date"].isoformat() for row in stored_rows(store)] == ["2017-07-04", "2017-08-01", "2017-08-02"]


def test_a_corrected_export_replaces_the_session(store, export):
    ingest_exports([export("a.csv", "20170704", pageviews=3)], store)
    (report,) = ingest_exports([export("b.csv", "20170704", pageviews=8)], store).files
    assert (report.sessions_added, report.sessions_replaced, report.duplicates) == (0, 1, 0)
    assert [row["pageviews"] for row in stored_rows(store)] == [8]


def test_rows_are_added_replaced_duplicate_or_rejected_and_nothing_else(store, export, tmp_path):
    ingest_exports([export("a.csv", "20170704", "20170705", pageviews=3)], store)
    same, other = (flat_line(fullVisitorId="77", visitId="1499201738", date="20170704", pageviews=n) for n in (3, 4))
    moved = flat_line(fullVisitorId="77", visitId="1499201738", date="20170705", pageviews=9)
    lines = [same, other, same, moved, flat_line(), flat_line(date="never")]
    (report,) = ingest_exports([flat_csv(tmp_path / "b.csv", *lines)], store).files
    counts = (report.sessions_added, report.sessions_replaced, report.duplicates, report.rows_rejected)
    assert counts == (1, 1, 3, 1)
    assert sum(counts) == report.rows


def test_history_says_what_each_commit_did(store, export):
    ingest_exports([export("a.csv", "20170704")], store)
    ingest_exports([export("b.csv", "20170705")], store)
    undo(store)
    commits = store.history()
    assert [(commit.version, commit.operation) for commit in commits] == [(2, "undo"), (1, "ingest"), (0, "ingest")]
    assert commits[1].summary["files"] == ["b.csv"]
    assert (commits[1].summary["added"], commits[1].summary["months"]) == (1, ["2017-07"])
    assert json.dumps(commits[0].summary)


def test_undo_goes_back_one_ingest_each_time_to_an_empty_store_and_no_further(store, export):
    for day in (4, 5, 6):
        ingest_exports([export(f"{day}.csv", f"2017070{day}")], store)
    left = []
    for _ in range(3):
        undo(store)
        left.append([row["session_date"].day for row in stored_rows(store)])
    assert left == [[4, 5], [4], []]
    with pytest.raises(IngestError, match="every ingest was undone"):
        undo(store)
    ingest_exports([export("again.csv", "20170707")], store)
    assert [row["session_date"].day for row in stored_rows(store)] == [7]
    undo(store)
    assert stored_rows(store) == []


def test_undo_of_no_store_says_so_and_makes_none(store):
    with pytest.raises(StoreError, match="holds no sessions"):
        undo(store)
    assert not store.path.exists()


def test_a_second_writer_is_refused_with_the_owners_process_id(store, export):
    store.path.mkdir()
    (store.path / "writer.pid").write_text("4711")
    with FileLock(store.path / "writer.lock"), pytest.raises(IngestError, match="process 4711"):
        ingest_exports([export("a.csv", "20170704")], store)
    assert ingest_exports([export("a.csv", "20170704")], store).accepted


def test_another_salt_is_refused_because_sessions_would_count_twice(store, export, monkeypatch):
    monkeypatch.setenv("SILENT_LEAK_SALT", "one")
    ingest_exports([export("a.csv", "20170704")], store)
    monkeypatch.setenv("SILENT_LEAK_SALT", "two")
    with pytest.raises(IngestError, match="another salt"):
        ingest_exports([export("a.csv", "20170704")], store)
    monkeypatch.delenv("SILENT_LEAK_SALT")
    with pytest.raises(IngestError, match="SILENT_LEAK_SALT"):
        ingest_exports([export("a.csv", "20170704")], store)


@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt, OSError(28, "No space left on device")], ids=["ctrl-c", "full disk"]
)
def test_a_failure_before_the_commit_leaves_the_store_as_it_was(store, export, monkeypatch, failure):
    ingest_exports([export("a.csv", "20170704")], store)
    before = stored_rows(store)

    def fail(*_):
        raise failure

    monkeypatch.setattr("ingest.publish.commit_files", fail)
    with pytest.raises((KeyboardInterrupt, IngestError)):
        ingest_exports([export("b.csv", "20170704", "20170901", pageviews=9)], store)
    assert stored_rows(store) == before
    assert leftovers(store) == []


def test_a_writer_killed_while_publishing_leaves_the_store_readable_and_the_next_ingest_cleans_up(
    store, export, tmp_path
):
    ingest_exports([export("a.csv", "20170704")], store)
    before = stored_rows(store)
    path = export("b.csv", "20170704", "20170901", pageviews=9)
    script = textwrap.dedent("""
        import pathlib, sys, time
        import ingest.publish
        from ingest.pipeline import ingest_exports
        from queries.store import Store
        def wait(*_):
            pathlib.Path(sys.argv[3]).touch()
            time.sleep(60)
        ingest.publish.commit_files = wait
        ingest_exports([sys.argv[1]], Store(sys.argv[2]))
    """)
    reached = tmp_path / "reached"
    arguments = [sys.executable, "-c", script, str(path), str(store.path), str(reached)]
    writer = subprocess.Popen(arguments, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not reached.exists():
            assert time.monotonic() < deadline and writer.poll() is None
            time.sleep(0.05)
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert stored_rows(store) == before
    assert len(leftovers(store)) == 3
    report = ingest_exports([path], store)
    assert [(file.sessions_added, file.sessions_replaced) for file in report.files] == [(1, 1)]
    assert leftovers(store) == []
    assert not (store.path / "writer.pid").exists()


def test_a_store_in_a_folder_with_a_space_an_umlaut_and_an_equal_sign_works(tmp_path, export):
    store = Store(tmp_path / "env=prod ü" / "store")
    ingest_exports([export("a.csv", "20170704")], store)
    (report,) = ingest_exports([export("b.csv", "20170704", "20170705")], store).files
    assert (report.sessions_added, report.duplicates) == (1, 1)
    assert len(stored_rows(store)) == 2


def test_progress_goes_through_the_stages_and_ends_complete(store, export):
    steps = []
    ingest_exports([export("a.csv", "20170704")], store, progress=steps.append)
    assert [*dict.fromkeys(step.stage for step in steps)] == ["recognise", "read", "publish"]
    assert (steps[-1].done, steps[-1].total) == (1, 1)


def test_an_ingest_works_within_a_memory_limit_and_a_wrong_limit_is_named(store, export):
    assert ingest_exports([export("a.csv", "20170704")], store, memory_limit="200MB").accepted
    with pytest.raises(IngestError, match='"lots"'):
        ingest_exports([export("a.csv", "20170704")], store, memory_limit="lots")


def test_the_public_names_of_the_pipeline_are_there():
    assert {"Progress", "IngestReport", "FileReport", "ingest_exports"} <= set(pipeline.__all__)


class Tight:
    """Stand in for a connection whose statements need more memory than there is, on more than `most` threads."""

    def __init__(self, most):
        self.threads, self.most, self.said = 2, most, []

    def execute(self, statement, parameters=None):
        self.said.append((statement, self.threads))
        if statement == SET_THREADS:
            self.threads = parameters["threads"]
        elif statement != "select current_setting('threads')" and self.threads > self.most:
            raise duckdb.OutOfMemoryException("could not allocate block")
        return self

    def fetchall(self):
        return [(self.threads,)]


def test_a_statement_that_does_not_fit_is_done_again_on_one_thread_and_the_next_on_all():
    tight = Tight(most=1)
    assert run(tight, "no_merged_sessions") == [(1,)]
    assert tight.threads == 2
    statements = [threads for statement, threads in tight.said if "merged_sessions" in statement]
    assert statements == [2, 1]


def test_a_statement_that_does_not_fit_on_one_thread_either_fails_and_leaves_the_threads():
    tight = Tight(most=0)
    with pytest.raises(duckdb.OutOfMemoryException):
        run(tight, "no_merged_sessions")
    assert tight.threads == 2
