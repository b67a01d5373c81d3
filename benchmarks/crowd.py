"""Two writers beside four readers of one store: readers see whole versions only, and every session arrives once.

    uv run python benchmarks/crowd.py --files 20

Each writer ingests its files one after the other, each in a process of its own as the command line does, waiting for
the other; a file has sessions of one month, and both writers use the same months. Readers open and ask the store
without a pause: a version must hold exactly the sessions of as many files as it has commits, with their pageviews and
revenue, and versions never go back. Prints how often was read; the exit code is 1 when something was wrong.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from ingest.pipeline import ingest_exports
from queries.engine import Engine
from queries.store import Store

ROOT = Path(__file__).parents[1]
HEADER = "fullVisitorId,visitId,date,deviceCategory,country,source,pageviews,transactions,transactionRevenue"
MONTHS = 6
READERS = 4


def main() -> None:
    """Run the writers and readers and print what was seen."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--files", type=int, default=20, help="files that each of the two writers ingests")
    ask.add_argument("--sessions", type=int, default=4_000, help="sessions in a file")
    wanted = ask.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wrong = crowd(Path(temporary), wanted.files, wanted.sessions)
    for what in wrong[:20]:
        print(what)
    sys.exit(1 if wrong else 0)


def crowd(folder: Path, files: int, sessions: int) -> list[str]:
    """Let two writers and four readers loose on a store of one file; return what was wrong."""
    store = Store(folder / "store")
    exports = [export(folder / f"{number}.csv", number, sessions) for number in range(2 * files + 1)]
    ingest_exports(exports[:1], store)
    wrong: list[str] = []
    seen: list[list[tuple]] = [[] for _ in range(READERS)]
    done = threading.Event()
    begun = time.perf_counter()
    readers = [threading.Thread(target=read, args=(store, found, done, wrong)) for found in seen]
    writers = [threading.Thread(target=write, args=(store, exports[first::2], wrong)) for first in (1, 2)]
    for thread in (*readers, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    done.set()
    for reader in readers:
        reader.join()
    for found in seen:
        wrong += [f"versions went back: {a[0]} after {b[0]}" for b, a in itertools.pairwise(found) if a < b]
        wrong += [f"a part of version {one[0]} was seen: {one}" for one in found if one != whole(one[0], sessions)]
    last = Engine(store).run("overview").rows[0]["sessions"]
    wrong += [] if last == sessions * len(exports) else [f"{last:,} sessions of {sessions * len(exports):,} arrived"]
    reads, versions = sum(map(len, seen)), len({one[0] for found in seen for one in found})
    print(f"{2 * files} ingests by two writers, {reads:,} reads of {versions} versions by {READERS} readers in "
          f"{time.perf_counter() - begun:,.0f} s: {len(wrong)} wrong")  # fmt: skip
    return wrong


def whole(version: int, sessions: int) -> tuple:
    """Return what a reader must see of a version: its number, sessions, pageviews and revenue."""
    count = sessions * (version + 1)
    return version, count, 3 * count, 2.0 * count


def read(store: Store, found: list[tuple], done: threading.Event, wrong: list[str]) -> None:
    """Open the store and ask its newest version, again and again, until the writers are done."""
    while not done.is_set():
        try:
            engine = Engine(store)
            row = engine.run("overview").rows[0]
            found.append((engine.snapshot.version, row["sessions"], row["pageviews"], float(row["revenue"])))
        except Exception as error:
            wrong.append(f"a reader failed: {error!r}")
            return


def write(store: Store, exports: list[Path], wrong: list[str]) -> None:
    """Ingest the files, one after the other, each in a process of its own."""
    for path in exports:
        asked = [sys.executable, str(ROOT / "silent_leak.py"), "ingest", str(path), "--store", str(store.path)]
        finished = subprocess.run([*asked, "--wait", "600"], capture_output=True, text=True)  # noqa: S603 our own
        if finished.returncode:
            wrong.append(f"{path.name} was not ingested: {finished.stderr or finished.stdout}")


def export(path: Path, number: int, sessions: int) -> Path:
    """Write sessions of one month that no other file has: three pages and two units of revenue each."""
    month = 1 + number % MONTHS
    lines = (
        f"{number}{row:09d},{1_500_000_000 + row},2017{month:02d}{1 + row % 28:02d},desktop,Japan,google,3,1,2000000"
        for row in range(sessions)
    )
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
