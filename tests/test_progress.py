"""What an ingest shows while it runs: the stage, the file, the rate and the time left."""

import io
import itertools

import pytest
from ga4_builders import event, ndjson
from rich.console import Console

from ingest import progress
from ingest.pipeline import ingest_exports
from ingest.progress import ProgressBar, rate
from ingest.report import Progress
from queries.store import Store


@pytest.mark.parametrize(
    ("step", "seconds", "told"),
    [
        (Progress("read", "a.csv", 24_600_000, 100_000_000), 2.0, "12.3 MB/s"),
        (Progress("publish", "2017-07", 162_000, 1_000_000), 2.0, "81,000 sessions/s"),
        (Progress("merge", "sessions", 1_000, 5_000), 2.0, "500 sessions/s"),
        (Progress("recognise", "a.csv", 3, 9), 2.0, ""),
        (Progress("read", "a.csv", 24_600_000, 100_000_000), 0.5, ""),
        (Progress("read", "a.csv", 0, 100_000_000), 2.0, ""),
    ],
)
def test_the_rate_is_in_the_units_of_the_stage(step, seconds, told):
    assert rate(step, seconds) == told


def test_a_terminal_is_told_what_is_done_how_fast_and_how_long_it_will_take(monkeypatch):
    seen = io.StringIO()
    clock = iter(range(0, 1000, 5))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with ProgressBar(Console(file=seen, force_terminal=True, width=120)) as bar:
        bar.wait("4711")
        bar.bar.refresh()
        for done in (10_000_000, 20_000_000, 30_000_000):
            bar.show(Progress("read", "exports/a.csv", done, 100_000_000))
        bar.bar.refresh()
        bar.show(Progress("publish", "2017-07", 1, 9))
        bar.bar.refresh()
    told = seen.getvalue()
    assert "Waiting for process 4711" in told
    assert "Reading a.csv" in told and "MB/s" in told and "left" in told
    assert "Publishing 2017-07" in told


def test_what_is_no_terminal_is_told_nothing():
    seen = io.StringIO()
    with ProgressBar(Console(file=seen, force_terminal=False)) as bar:
        bar.show(Progress("read", "a.csv", 1, 2))
    assert not seen.getvalue().strip()


def test_every_stage_of_an_ingest_goes_forward_to_its_end(tmp_path):
    days = [
        ndjson(tmp_path / f"{day}.json", *(event(at=f"2024-03-0{day} 10:00:0{n}", session=n // 2) for n in range(8)))
        for day in (5, 6)
    ]
    steps: list[Progress] = []
    ingest_exports(days, Store(tmp_path / "store"), progress=steps.append)
    stages = {stage: list(found) for stage, found in itertools.groupby(steps, key=lambda step: step.stage)}
    assert list(stages) == ["recognise", "read", "merge", "publish"]
    for stage, found in stages.items():
        done = [step.done for step in found]
        assert done == sorted(done)
        assert len({step.total for step in found}) == 1
        assert stage == "recognise" or done[-1] == found[-1].total > 0
