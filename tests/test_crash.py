"""Crashes and crowds: killed writers, full disks, lost permissions, Ctrl-C, two writers beside four readers."""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from builders import ROOT, flat_csv, flat_line, stored_rows

from ingest.pipeline import ingest_exports
from queries.engine import Engine
from queries.store import Store

INGEST = """
import os, resource, sys
from pathlib import Path
from ingest.pipeline import Options, ingest_exports
from ingest.report import IngestError
from ingest.sample import generate
import deltalake, duckdb, ingest.upkeep
from queries.store import Store
{before}
try:
    ingest_exports(sys.argv[2:], Store(sys.argv[1]), options=Options(wait={wait}))
except IngestError as error:
    sys.exit(str(error))
"""


def writer(store, *files, before="", wait=0):
    """Start a process that ingests files."""
    script = INGEST.format(before=before, wait=wait)
    asked = [sys.executable, "-c", script, str(store.path), *map(str, files)]
    return subprocess.Popen(asked, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def many(path, month, count):
    """Write a flat export of `count` sessions of a month of 2017."""
    lines = (
        flat_line(fullVisitorId=str(number), visitId="1499201738", date=f"2017{month:02d}{1 + number % 28:02d}")
        for number in range(1, count + 1)
    )
    return flat_csv(path, *lines)


def residue(store):
    """Return what a run has left: scratch folders, process ids, files that no version knows."""
    known = {file for version in range(store.table().version() + 1) for file in store.table(version).file_uris()}
    parts = [str(path) for path in store.sessions.rglob("*.parquet") if str(path) not in known]
    return parts + [str(path) for path in (*store.path.glob("staging/*"), *store.path.glob("*.pid"))]


@pytest.fixture
def store(tmp_path):
    """Return a store with one session."""
    store = Store(tmp_path / "store")
    ingest_exports([flat_csv(tmp_path / "first.csv", flat_line())], store)
    return store


def test_killed_ingests_leave_the_store_as_before_or_after_and_the_next_completes_it():
    """The short form of benchmarks/crash.py."""
    asked = [sys.executable, "benchmarks/crash.py", "--kills", "4", "--sessions", "10000"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(int(line.split()[0]) for line in done.stdout.splitlines()) == 4


def test_a_full_disk_is_told_and_leaves_no_residue(store, tmp_path):
    """A limit on the size of files fails as a full disk does: while a file grows."""
    before = stored_rows(store)
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))"
    process = writer(store, many(tmp_path / "many.csv", 7, 30_000), before=limit)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "is as it was" in told and "the disk is full (Could not write file" in told, told
    assert "exception_type" not in told, told
    assert stored_rows(store) == before
    assert residue(store) == []


@pytest.mark.parametrize("place", ["", "sessions/session_month=2017-07", "sessions/_delta_log"])
def test_a_lost_permission_is_told_and_leaves_no_residue(place):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store = Store(folder / "store")
        ingest_exports([flat_csv(folder / "first.csv", flat_line())], store)
        before = stored_rows(store)
        path = many(folder / "many.csv", 7, 10)
        for each in (folder, *folder.rglob("*")):
            each.chmod(0o777 if each.is_dir() else 0o666)
        (store.path / place).chmod(0o555)
        # what is imported late must be imported before root's files cannot be read any more
        warm = "ingest_exports(sys.argv[2:], Store(sys.argv[1] + '-warm')); os.geteuid() or os.seteuid(65534)"
        process = writer(store, path, before=warm)
        _, told = process.communicate(timeout=120)
        (store.path / place).chmod(0o777)
        assert_told(process, told, before, store)


def assert_told(process, told, before, store):
    """Check that a writer failed with words, and that the store is as it was."""
    assert process.returncode == 1
    assert "permission" in told.lower() or "cannot be written" in told, told
    assert "Traceback" not in told, told
    assert stored_rows(store) == before
    assert residue(store) == []


def hears_ctrl_c():
    """Undo what a shell does to a command in the background: it ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_is_told_and_leaves_no_residue(store, tmp_path):
    before = stored_rows(store)
    path = many(tmp_path / "many.csv", 7, 150_000)
    asked = [sys.executable, "silent_leak.py", "ingest", str(path), "--store", str(store.path)]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(asked, cwd=ROOT, preexec_fn=hears_ctrl_c, **pipes)
    deadline = time.monotonic() + 60
    while not list(store.path.glob("staging/*/*.parquet")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert "as it was" in told and "Traceback" not in told, told
    assert stored_rows(store) == before
    assert residue(store) == []


def test_two_writers_and_four_readers(store, tmp_path):
    """Readers see whole commits only, versions never go back, and both writers' sessions arrive."""
    files = [many(tmp_path / f"{month}.csv", month, 4_000) for month in (7, 8)]
    seen: list[list[tuple[int, int]]] = [[] for _ in range(4)]
    done = threading.Event()

    def read(reader: int) -> None:
        engine = Engine(store)
        while not done.is_set():
            version = engine.refresh().version
            seen[reader].append((version, engine.run("overview").rows[0]["sessions"]))

    readers = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for reader in readers:
        reader.start()
    writers = [writer(store, file, wait=60) for file in files]
    told = [process.communicate(timeout=120)[1] for process in writers]
    done.set()
    for reader in readers:
        reader.join()
    assert [process.returncode for process in writers] == [0, 0], told
    states = {0: 1, 1: 4_001, 2: 8_001}
    assert all(states[version] == sessions for found in seen for version, sessions in found)
    assert all([version for version, _ in found] == sorted(version for version, _ in found) for found in seen)
    assert len(stored_rows(store)) == 8_001
    assert residue(store) == []
