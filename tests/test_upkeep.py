"""Upkeep: undo, history, optimize and vacuum work across each other, beside readers, and over older stores."""

import datetime as dt
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from builders import ROOT, flat_csv, flat_line, session, sessions, store_of, stored_rows
from deltalake import write_deltalake
from ga4_builders import event, ndjson

from ingest.pipeline import ingest_exports
from ingest.report import IngestError
from ingest.upkeep import content_version, kept_versions, optimize, undo, vacuum
from queries.engine import Engine
from queries.store import Commit, Store

NOW = dt.datetime(2024, 3, 20, tzinfo=dt.UTC)


@pytest.fixture
def store(tmp_path):
    """Return a store of three ingests: 4 July, 5 July, 6 July."""
    store = Store(tmp_path / "store")
    for day in (4, 5, 6):
        line = flat_line(fullVisitorId="77", visitId="1499201738", date=f"2017070{day}")
        ingest_exports([flat_csv(tmp_path / f"{day}.csv", line)], store)
    return store


@pytest.fixture
def at_once(monkeypatch):
    """Let a vacuum remove what was current a moment ago."""
    monkeypatch.setattr("ingest.upkeep.GRACE", dt.timedelta(0))


def days(store):
    """Return the days of a store's sessions."""
    return [row["session_date"].day for row in stored_rows(store)]


def data_files(store):
    """Return the data files on the disk."""
    return sorted(store.sessions.rglob("part-*.parquet"))


def scattered(folder):
    """Return a store whose July lies in three files."""
    store = store_of(folder, sessions(3, session_date=dt.date(2017, 7, 3)))
    for day in (2, 1):
        other = store_of(folder / "other", sessions(2, session_date=dt.date(2017, 7, day)))
        table = other.table().to_pyarrow_table()
        write_deltalake(str(store.sessions), table, partition_by=["session_month"], mode="append")
    return store


def test_optimize_puts_a_months_files_into_one_sorted_file_with_the_same_rows(tmp_path):
    store = scattered(tmp_path / "store")
    reader = Engine(store)
    before = stored_rows(store)
    assert len(store.snapshot().files) == 3
    commit = optimize(store)
    assert (commit.operation, commit.summary["files_before"], commit.summary["files_after"]) == ("optimize", 3, 1)
    (file,) = store.snapshot().files
    assert stored_rows(store) == before
    kept = pq.read_table(file, columns=["session_date"])["session_date"].to_pylist()
    assert kept == sorted(kept)
    assert reader.run("overview").rows[0]["sessions"] == 7, "a reader keeps the files of its version"
    assert optimize(store) is None


def test_a_store_that_ingest_made_needs_no_optimizing(store):
    assert optimize(store) is None
    assert store.table().version() == 2


def test_undo_goes_back_over_an_optimize(store, tmp_path):
    more = store_of(tmp_path / "more", sessions(2, session_date=dt.date(2017, 7, 9))).table().to_pyarrow_table()
    write_deltalake(str(store.sessions), more, partition_by=["session_month"], mode="append")
    commit = optimize(store)
    assert (commit.version, commit.summary["files_before"], days(store)) == (4, 2, [4, 5, 6, 9, 9])
    ingest_exports([flat_csv(tmp_path / "7.csv", flat_line(date="20170707"))], store)
    undo(store)
    assert days(store) == [4, 5, 6, 9, 9]
    undo(store)
    assert days(store) == [4, 5]


def test_vacuum_keeps_the_current_version_and_what_one_undo_needs(store, at_once):
    done = vacuum(store, keep_days=0)
    assert (done.files, done.oldest_version) == (1, 1)
    assert len(data_files(store)) == 2
    assert days(store) == [4, 5, 6]
    undo(store)
    assert days(store) == [4, 5]
    with pytest.raises(IngestError, match=r"version 0 .* a vacuum removed 1 of its files"):
        undo(store)
    assert days(store) == [4, 5]


def test_vacuum_keeps_what_was_current_within_the_days_to_keep_and_the_last_hour(store):
    assert vacuum(store).files == 0
    assert vacuum(store, keep_days=0).files == 0, "a reader may still be at what was current within the last hour"
    for expected in ([4, 5], [4], []):
        undo(store)
        assert days(store) == expected


def test_vacuum_removes_what_no_version_knows_and_is_safe_beside_a_reader(store, at_once):
    stray = data_files(store)[0].with_name("part-stray.parquet")
    stray.write_bytes(b"half a file")
    reader = Engine(store)
    assert vacuum(store, keep_days=30).files == 1
    assert not stray.exists()
    vacuum(store, keep_days=0)
    assert reader.run("overview").rows[0]["sessions"] == 3


def test_vacuum_refuses_a_negative_number_of_days(store):
    with pytest.raises(IngestError, match="-1 days"):
        vacuum(store, keep_days=-1)


def commits(*operations):
    """Return a history: an operation a day up to NOW; a number is an undo that goes back to that version."""
    history = []
    for version, operation in enumerate(operations):
        summary = {"operation": operation}
        if isinstance(operation, int):
            summary = {"operation": "undo", "restored_version": operation}
        at = NOW - dt.timedelta(days=len(operations) - 1 - version)
        history.append(Commit(version, at, str(summary["operation"]), summary))
    return history


@pytest.mark.parametrize(
    ("operations", "content"),
    [
        (["ingest"], 0),
        (["ingest", "ingest", "optimize"], 1),
        (["ingest", "ingest", 0], 0),
        (["ingest", "optimize", "ingest", 1, "optimize"], 0),
        (["ingest", -1], -1),
        (["ingest", "ingest", 0, "ingest", 2], 0),
    ],
)
def test_the_content_of_a_version_is_that_of_an_ingest(operations, content):
    assert content_version(commits(*operations)) == content


def test_the_versions_kept_are_those_current_since_then_and_the_one_before_the_last_ingest():
    history = commits("ingest", "ingest", "ingest", "ingest", "optimize")
    assert kept_versions(history, NOW + dt.timedelta(days=1)) == {2, 4}
    assert kept_versions(history, NOW - dt.timedelta(days=1.5)) == {2, 3, 4}
    assert kept_versions(history, NOW - dt.timedelta(days=3)) == {0, 1, 2, 3, 4}
    assert kept_versions(commits("ingest"), NOW) == {0}


def test_an_older_store_without_parts_and_orders_takes_ga4_events(tmp_path):
    store = store_of(tmp_path / "store", [session(session_date=dt.date(2024, 3, 1))])
    table = store.table().to_pyarrow_table().drop_columns(["parts", "orders"])
    write_deltalake(
        str(store.sessions), table, partition_by=["session_month"], mode="overwrite", schema_mode="overwrite"
    )
    assert "parts" not in {field.name for field in store.table().schema().fields}
    report = ingest_exports([ndjson(tmp_path / "a.ndjson", event(), event(at="2024-04-01 00:00:01"))], store)
    assert report.files[0].sessions_added == 1
    assert report.changed
    assert len(stored_rows(store)) == 2
    assert Engine(store).run("overview").rows[0]["sessions"] == 2
    undo(store)
    assert Engine(store).run("overview").rows[0]["sessions"] == 1


def test_the_command_line_keeps_and_says_so(store):
    told = [
        subprocess.run(
            [sys.executable, "silent_leak.py", command, "--store", str(store.path)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout
        for command in ("optimize", "vacuum", "undo")
    ]  # fmt: skip
    assert "each month is one file" in told[0]
    assert "Removed 0 files" in told[1]
    assert "version 3" in told[2]
