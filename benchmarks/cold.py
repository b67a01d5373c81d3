"""Measure the register when nothing is kept, and from the file beside the store; with an older checkout, beside that.

    uv run python -m benchmarks.cold --sessions 1000000
    uv run python -m benchmarks.cold --sessions 1000000 --against ../older-checkout

Each run is a process of its own on a store ingested by its own code; only what depends on the searches is deleted, the
rollups stay. A checkout from before the register is asked for everything that the register replaced: checks, falls,
combinations with the funnels of the first rows, what moved, and the search a step. Both are measured in turn.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ingest.sample import generate

ROOT = Path(__file__).parents[1]
KEPT = ("findings-cache.json", "findings.json", "watch-null.json")
INGEST = """
import sys
from pathlib import Path
from ingest.pipeline import ingest_exports
from queries.store import Store

ingest_exports([Path(sys.argv[1])], Store(Path(sys.argv[2])))
"""
ASKED = """
import datetime as dt, sys, time
from pathlib import Path
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.store import Store

path, every = Path(sys.argv[1]), Filters()

def seconds(ask):
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started

engine = Engine(Store(path))
engine.run("trend")
try:
    from queries.findings.register import ask_findings
    taken = seconds(lambda: ask_findings(engine))
except ImportError:
    from queries import judged
    days = [row["session_date"] for row in engine.run("trend").rows]
    length = min(28, ((max(days) - min(days)).days + 1) // 2)
    first = max(days) - dt.timedelta(days=length - 1)
    later = every.on_days(first, max(days))
    earlier = every.on_days(first - dt.timedelta(days=length), first - dt.timedelta(days=1))
    taken = seconds(lambda: [
        judged.judged_checks(engine, every, ENGAGEMENT), judged.judged_watch(engine, every, ENGAGEMENT),
        judged.explained_leaks(engine, every, ENGAGEMENT), judged.judged_movers(engine, later, earlier, ENGAGEMENT),
        judged.judged_step_revenue(engine, every, ENGAGEMENT),
    ])
print(taken)
"""


def run(checkout: Path, code: str, *arguments: Path) -> str:
    """Run code in a process of its own, as a checkout has it; raises CalledProcessError when it fails."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout  # noqa: S603


def main() -> None:
    """Print seconds of each run, and the medians."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--sessions", type=int, default=300_000)
    ask.add_argument("--repeat", type=int, default=5)
    ask.add_argument("--against", type=Path, help="an older checkout that runs in this environment")
    wanted = ask.parse_args()
    checkouts = {"now": ROOT, **({"before": wanted.against.resolve()} if wanted.against else {})}
    with tempfile.TemporaryDirectory() as temporary:
        generate(Path(temporary), sessions=wanted.sessions)
        for name, checkout in checkouts.items():
            run(checkout, INGEST, Path(temporary) / "exports", Path(temporary) / name)
        taken: dict[str, list[float]] = {}
        for _ in range(wanted.repeat):
            for name, checkout in checkouts.items():
                for kept in KEPT:
                    (Path(temporary) / name / kept).unlink(missing_ok=True)
                for what in ("cold", "kept") if name == "now" else ("cold",):
                    seconds = float(run(checkout, ASKED, Path(temporary) / name))
                    taken.setdefault(f"{what} {name}", []).append(seconds)
    middle = {name: statistics.median(seconds) for name, seconds in taken.items()}
    for name, seconds in taken.items():
        print(f"{name}: {middle[name]:.3f} s ({', '.join(f'{each:.3f}' for each in seconds)})")
    if "cold before" in middle:
        print(f"cold, now / before: {middle['cold now'] / middle['cold before']:.2f}")


if __name__ == "__main__":
    main()
