"""Kill ingests at random instants; after each, the store must read as before or after, and the next ingest finish it.

    uv run python benchmarks/crash.py --kills 60

Each trial copies a store of GA360 and GA4 sessions, ingests more files in a forked process and kills it with SIGKILL at
a random instant of the time that an undisturbed ingest takes. The content is compared row by row. Prints a line a kind
of outcome; the exit code is 1 when a trial failed.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import duckdb

from ingest.pipeline import ingest_exports
from ingest.sample import generate
from queries.store import Store

GA4_LINE = (
    '{{"event_date": "{day}", "event_timestamp": "{at}", "event_name": "{name}", "user_pseudo_id": "u{user}", '
    '"event_params": [{{"key": "ga_session_id", "value": {{"int_value": "17"}}}}], '
    '"ecommerce": {{"transaction_id": "T{user}", "purchase_revenue": 2.5}}}}\n'
)
JULY_31_2017 = 1_501_500_000_000_000


def main() -> None:
    """Run the trials and print what came of them."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--kills", type=int, default=60)
    ask.add_argument("--sessions", type=int, default=20_000)
    ask.add_argument("--seed", type=int, default=7)
    wanted = ask.parse_args()
    os.environ["SILENT_LEAK_SALT"] = "crash"
    with tempfile.TemporaryDirectory() as temporary:
        outcomes = trials(Path(temporary), wanted.kills, wanted.sessions, random.Random(wanted.seed))  # noqa: S311
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:4d} {outcome}")
    if any(outcome.startswith("FAILED") for outcome in outcomes):
        raise SystemExit(1)


def trials(folder: Path, kills: int, sessions: int, chance: random.Random) -> collections.Counter[str]:
    """Return how often each outcome came."""
    template, first, second = worlds(folder, sessions)
    told_by(lambda: ingest_exports(first, Store(template)))
    before = told_by(lambda: content(template))
    whole = copy_of(template, folder / "whole")
    begun = time.perf_counter()
    told_by(lambda: ingest_exports(second, Store(whole)))
    lasts = time.perf_counter() - begun
    after = told_by(lambda: content(whole))
    outcomes: collections.Counter[str] = collections.Counter()
    for number in range(kills):
        store = copy_of(template, folder / "trial")
        died = killed_after(chance.uniform(0, lasts * 1.05), lambda at=store: ingest_exports(second, Store(at)))
        seen = told_by(lambda at=store: content(at))
        state = {before: "as before", after: "as after"}.get(seen, "FAILED: neither before nor after")
        told_by(lambda at=store: ingest_exports(second, Store(at)))
        left = told_by(lambda at=store: leftovers(at))
        finished = told_by(lambda at=store: content(at)) == after and left == "[]"
        outcomes[f"{'killed' if died else 'finished first'}, read {state}, then completed"] += finished
        if not finished or state.startswith("FAILED"):
            outcomes[f"FAILED at trial {number}: {state}, completed: {finished}, left: {left}"] += 1
    return +outcomes


def worlds(folder: Path, sessions: int) -> tuple[Path, list[Path], list[Path]]:
    """Write exports; return a new store's folder, the exports of its first ingest and those of its second."""
    told_by(lambda: generate(folder, sessions=sessions, shapes=("ga360_flat",)))
    months = sorted((folder / "exports").iterdir())
    first, second = folder / "events_20170731.ndjson", folder / "events_20170801.ndjson"
    write_events(first, "20170731", JULY_31_2017, "page_view", range(3000))
    write_events(second, "20170801", JULY_31_2017 + 3_600_000_000, "purchase", range(1500, 4500))
    halfway = len(months) // 2
    return folder / "store", [*months[: halfway + 1], first], [*months[halfway:], second]


def write_events(path: Path, day: str, at: int, name: str, users: range) -> None:
    """Write an event a user."""
    lines = (GA4_LINE.format(day=day, at=at + user, name=name, user=user) for user in users)
    path.write_text("".join(lines), encoding="utf-8")


def copy_of(template: Path, target: Path) -> Path:
    """Copy a store anew."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(template, target)
    return target


def leftovers(store: Path) -> list[str]:
    """Return what a run has left in a store: scratch folders, files that no version knows."""
    opened = Store(store)
    known = {file for version in range(opened.table().version() + 1) for file in opened.table(version).file_uris()}
    parts = [str(path) for path in opened.sessions.rglob("*.parquet") if str(path) not in known]
    rest = [*(store / "staging").glob("*"), *(opened.sessions / "_delta_log").glob("*.tmp*"), *store.glob("*.pid")]
    return parts + list(map(str, rest))


def content(store: Path) -> str:
    """Return a fingerprint of all rows that the newest version of a store holds, in any order of files."""
    files = list(Store(store).snapshot().files)
    query = "select count(*), bit_xor(hash(columns(*)::varchar)) from (from read_parquet($files, union_by_name = true))"
    return str(duckdb.execute(query, {"files": files}).fetchall())


def told_by(work: Callable[[], object]) -> str:
    """Do `work` in a forked process and return what it returns, as text.

    This process itself must never start the threads of DuckDB and Delta: a fork would not have them.
    """
    reading, writing = os.pipe()
    pid = _fork(lambda: os.write(writing, str(work()).encode()[:4000]))
    os.close(writing)
    with os.fdopen(reading) as told:
        answer = told.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"what nobody disturbed ended with status {status}")
    return answer


def killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Do `work` in a forked process and kill it after so many seconds; return whether it had not finished."""
    pid = _fork(work)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return status == signal.SIGKILL


def _fork(work: Callable[[], object]) -> int:
    if pid := os.fork():
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
