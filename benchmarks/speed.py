"""Measure ingest, store size and every metric on generated sessions; quote the ratios, machines differ.

    uv run python benchmarks/speed.py --sessions 1000000

Ingest is compared with its floor, measured in the same run: DuckDB reading the same files and writing sorted,
partitioned zstd Parquet without a single check. Each metric is compared with the plainest question: a count by device.
Then an uncached change of filters is measured, with and without rollups (`page.py`).
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.page import page_times, plain_count
from benchmarks.page import show as show_page
from ingest.sample import generate
from queries.engine import Engine
from queries.filters import Filters
from queries.metrics import METRICS
from queries.store import Store

BY = {"funnel": "device_category", "durations": "device_category", "segments": "source"}
FLOOR = """
copy (
    select *, substr(date, 1, 6) as session_month
    from read_csv($files, header = true, delim = ',', quote = '"', auto_detect = false, columns = $columns)
    order by date
) to $target (format parquet, compression zstd, partition_by (session_month))
"""


def main() -> None:
    """Run the benchmark and print a table, or JSON."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--sessions", type=int, default=1_000_000)
    ask.add_argument("--repeat", type=int, default=5)
    ask.add_argument("--folder", type=Path, help="keep exports and store here (default: a temporary folder)")
    ask.add_argument("--json", type=Path, help="write the figures to this file as well")
    ask.add_argument("--only-ingest", nargs=2, help=argparse.SUPPRESS)
    ask.add_argument("--only-floor", nargs=2, help=argparse.SUPPRESS)
    wanted = ask.parse_args()
    if wanted.only_ingest:
        return ingest_once(*map(Path, wanted.only_ingest))
    if wanted.only_floor:
        return floor_once(*map(Path, wanted.only_floor))
    with tempfile.TemporaryDirectory() as temporary:
        figures = measure(wanted.folder or Path(temporary), wanted.sessions, wanted.repeat)
    show(figures)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return None


def measure(folder: Path, sessions: int, repeat: int) -> dict:
    """Return all figures: seconds, bytes, ratios."""
    exports, store = folder / "exports", Store(folder / "store")
    begun = time.perf_counter()
    if not exports.exists():
        generate(folder, sessions=sessions, shapes=("ga360_flat",))
    figures: dict = {"sessions": sessions, "generate_s": time.perf_counter() - begun}
    figures["export_bytes"] = sum(file.stat().st_size for file in exports.iterdir())
    figures["floor_s"], figures["floor_peak_mb"] = in_subprocess("--only-floor", exports, folder / "floor")
    if not store.exists:
        figures["ingest_s"], figures["ingest_peak_mb"] = in_subprocess("--only-ingest", exports, store.path)
        figures["ingest_sessions_per_s"] = sessions / figures["ingest_s"]
        figures["ingest_against_floor"] = figures["ingest_s"] / figures["floor_s"]
    engine = Engine(store)
    figures["store_bytes"] = sum(Path(file).stat().st_size for file in engine.snapshot.files)
    figures["store_bytes_per_session"] = figures["store_bytes"] / engine.run("overview").rows[0]["sessions"]
    figures["metrics"] = metric_times(engine, repeat)
    figures["page"] = page_times(store, changes=4 * repeat)
    return figures


def metric_times(engine: Engine, repeat: int) -> dict:
    """Return per metric its median milliseconds, and the ratio to a plain count by device over the same files."""
    floor = statistics.median(timed(lambda: plain_count(list(engine.snapshot.files))) for _ in range(repeat))
    answers = {"plain count by device": {"ms": floor * 1000, "against_floor": 1.0}}
    for metric in METRICS:
        taken, by = [], BY.get(metric.name, "device_category" if metric.segmented == "must" else None)
        for number in range(repeat):
            absent = Filters.of(exclude={"source": [f"no such source {number}"]})
            taken.append(timed(lambda name=metric.name, filters=absent, by=by: engine.run(name, filters, by=by)))
        middle = statistics.median(taken)
        answers[metric.name] = {"ms": middle * 1000, "against_floor": middle / floor}
    return answers


def timed(work) -> float:
    """Return the seconds that `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_subprocess(task: str, source: Path, target: Path) -> tuple[float, float]:
    """Run one task of this script on its own; return its seconds and its peak memory in MB."""
    asked = [sys.executable, __file__, task, str(source), str(target)]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this very script
    answer = json.loads(told.splitlines()[-1])
    return answer["seconds"], answer["peak_mb"]


def ingest_once(exports: Path, store: Path) -> None:
    """Ingest and print seconds and peak memory."""
    from ingest.pipeline import ingest_exports

    begun = time.perf_counter()
    report = ingest_exports([exports], Store(store))
    if not report.accepted:
        raise SystemExit(f"the generated exports were not accepted: {report.as_json()}")
    told(begun)


def floor_once(exports: Path, target: Path) -> None:
    """Let DuckDB read and write the same files without checks, and print seconds and peak memory."""
    files = sorted(str(file) for file in exports.iterdir())
    with Path(files[0]).open(encoding="utf-8") as first:
        columns = dict.fromkeys(first.readline().strip().split(","), "VARCHAR")
    begun = time.perf_counter()
    duckdb.execute(FLOOR, {"files": files, "columns": columns, "target": str(target)})
    told(begun)


def told(begun: float) -> None:
    """Print seconds since `begun` and the peak memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mb": peak}))


def show(figures: dict) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", header_style="bold", box=None)
    for name, value in figures.items():
        if name not in {"metrics", "page"}:
            table.add_row(name.replace("_", " "), f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    Console().print(table)
    table = Table("metric", "median ms", "against plain count", header_style="bold", box=None)
    for name, taken in figures["metrics"].items():
        table.add_row(name, f"{taken['ms']:,.0f}", f"{taken['against_floor']:.1f}")
    Console().print(table)
    show_page(figures["page"])


if __name__ == "__main__":
    main()
