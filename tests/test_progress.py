"""What an ingest shows while it runs: the stage, the file, the rate and the time left."""

import io

import pytest
from rich.console import Console

from ingest import progress
from ingest.progress import ProgressBar, rate
from ingest.report import Progress


@pytest.mark.parametrize(
    ("step", "seconds", "told"),
    [
        (Progress("read", "a.csv", 24_600_000, 100_000_000), 2.0, "12.3 MB/s"),
        (Progress("publish", "2017-07", 162_000, 1_000_000), 2.0, "81,000 sessions/s"),
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
