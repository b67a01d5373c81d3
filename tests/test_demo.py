"""The demo's store holds what README says of it."""

import datetime as dt
import re

import pytest
from builders import ROOT

from ingest.pipeline import ingest_exports
from ingest.sample import generate
from queries.engine import Engine
from queries.filters import Filters
from queries.store import Store

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return the demo's truth and an engine over its store."""
    home = tmp_path_factory.mktemp("demo")
    truth = generate(home, sessions=300_000)
    report = ingest_exports([home / "exports"], Store(home / "store"))
    assert report.accepted
    return truth, Engine(Store(home / "store"))


def test_the_worked_example_of_readme_is_true(demo):
    truth, engine = demo
    [leak] = [leak for leak in truth.leaks if leak.kind == "change"]
    assert leak.segment == {"device_category": "desktop", "browser": "Edge"}
    assert str(leak.onset) == "2026-09-16"
    inside = {name: [value] for name, value in leak.segment.items()}
    for words, include, exclude in (
        ("all sessions", {}, {}),
        ("desktop Edge", inside, {}),
        ("everything but Edge", {}, {"browser": ["Edge"]}),
    ):
        periods = ((None, leak.onset - dt.timedelta(days=1)), (leak.onset, None))
        cells = []
        for first, last in periods:
            [row] = engine.run("overview", Filters.of(first, last, include, exclude)).rows
            cells.append(
                f"{row['conversion_rate']:.2%}".replace("%", " %") + f" ({row['conversions']:,} of {row['sessions']:,})"
            )
        line = f"| {words} | {cells[0]} | {cells[1]} |"
        assert line in README, f"README should say: {line}"


def test_the_store_holds_all_sessions_of_the_exports(demo):
    truth, engine = demo
    [row] = engine.run("overview").rows
    assert (row["sessions"], row["conversions"]) == (truth.totals.sessions, truth.totals.converted)
    assert row["revenue"] == pytest.approx(float(truth.totals.revenue), abs=0.01)
    assert re.search(r"is 8 % of the sessions", README)
    [edge] = engine.run("overview", Filters.of(include={"device_category": ["desktop"], "browser": ["Edge"]})).rows
    assert round(edge["sessions"] / row["sessions"], 2) == 0.08
