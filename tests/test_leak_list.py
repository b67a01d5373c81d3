"""The leak list of a store, from sessions to rows: questions, filters, steps, money."""

import datetime as dt
import json
import subprocess
import sys

import numpy as np
import pytest
from builders import session, store_of

from queries.engine import Cancel, Cancelled, Engine
from queries.filters import FilterError, Filters
from queries.leak_list import leak_list, searched_dimensions
from queries.metrics import QuestionError

DIMENSIONS = ("device_category", "country", "source")
LEAKING = {"device_category": "mobile", "source": "mail"}


def shop(count: int = 12_000) -> list[dict]:
    """Return sessions over ten days, of which one in five orders; mobile from mail orders a tenth as often."""
    rng = np.random.default_rng(6)
    drawn = {
        "device_category": rng.choice(["desktop", "mobile"], count),
        "country": rng.choice(["US", "DE", "FR"], count),
        "source": rng.choice(["google", "mail", "bing"], count, p=[0.6, 0.2, 0.2]),
    }
    leaks = (drawn["device_category"] == "mobile") & (drawn["source"] == "mail")
    orders = rng.random(count) < np.where(leaks, 0.02, 0.2)
    pages = np.where(orders, 12, np.where(rng.random(count) < 0.5, 6, 1))
    worth = np.exp(rng.normal(3, 0.4, count)).round(2)
    days = rng.integers(0, 10, count)
    return [
        session(
            **{name: str(column[row]) for name, column in drawn.items()}, pageviews=int(pages[row]),
            transactions=int(orders[row]), revenue=float(worth[row]) if orders[row] else 0,
            session_date=dt.date(2017, 7, 1) + dt.timedelta(days=int(days[row])),
        )
        for row in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return Engine(store_of(tmp_path_factory.mktemp("leaks") / "store", shop()))


@pytest.fixture(scope="module")
def report(engine):
    return leak_list(engine, dimensions=DIMENSIONS)


def test_a_store_with_one_leak_gives_one_row_with_its_evidence(report):
    (leak,) = report.leaks
    assert leak.segment == LEAKING
    assert leak.conversions < 0.2 * leak.expected
    assert 180 < leak.expected < 300
    assert all(LEAKING.items() <= relative.segment.items() for relative in leak.relatives)
    assert all(relative.sessions < leak.sessions and relative.ratio < 0.8 for relative in leak.relatives)
    assert leak.same_leak_as == tuple(relative.segment for relative in leak.relatives)
    assert report.days == 10


def test_the_report_says_which_question_it_answers(engine):
    filters = Filters.of(date_from=dt.date(2017, 7, 2), include={"country": ["US", "DE"]})
    report = leak_list(engine, filters, dimensions=DIMENSIONS, step="Engaged", fdr=0.2, interval=0.9, max_order=2)
    assert (report.store_version, report.filters, report.funnel, report.step) == (0, filters, "Engagement", "Engaged")
    assert (report.fdr, report.interval, report.max_order, report.days) == (0.2, 0.9, 2, 9)
    assert report.sessions == engine.run("funnel", filters).rows[1]["reached"]


def test_a_dimension_that_the_filters_hold_still_is_not_searched(engine):
    held = Filters.of(include={"country": ["US"], "source": ["mail", "google"]})
    assert searched_dimensions(held, DIMENSIONS) == ("device_category", "source")
    report = leak_list(engine, held, dimensions=DIMENSIONS)
    assert report.dimensions == ("device_category", "source")
    everything = Filters.of(include={name: [value] for name, value in {"country": "US", **LEAKING}.items()})
    assert searched_dimensions(everything, DIMENSIONS) == DIMENSIONS


def test_json_has_the_keys_that_programs_rely_on(report):
    plain = json.loads(json.dumps(report.as_json()))
    assert list(plain) == ["store_version", "filters", "searched", "fdr", "smallest_detectable", "leaks", "gaps",
                           "too_small"]  # fmt: skip
    assert list(plain["leaks"][0]) == [
        "segment", "sessions", "conversions", "expected", "ratio", "ratio_interval", "recoverable_conversions",
        "revenue_at_stake", "p", "same_leak_as",
    ]  # fmt: skip
    for name in ("recoverable_conversions", "revenue_at_stake"):
        assert list(plain["leaks"][0][name]) == ["low", "median", "high"]


def test_one_dimension_holds_no_combination(engine):
    report = leak_list(engine, dimensions=("country",))
    assert (report.searched, report.leaks, report.sessions) == (0, (), 12_000)


def test_no_session_is_no_error(engine):
    report = leak_list(engine, Filters.of(include={"country": ["JP"]}), dimensions=DIMENSIONS)
    assert (report.sessions, report.searched, report.rows) == (0, 0, ())


def test_what_cannot_be_asked_is_refused_in_words(engine):
    with pytest.raises(QuestionError, match='"Converted" is no step'):
        leak_list(engine, step="Converted")
    with pytest.raises(FilterError, match='"shoe_size" is not a dimension'):
        leak_list(engine, dimensions=("shoe_size", "country"))
    with pytest.raises(QuestionError, match="there is no dimension to search"):
        leak_list(engine, dimensions=())
    with pytest.raises(QuestionError, match="a rate of 2"):
        leak_list(engine, fdr=2)


def test_a_newer_question_stops_this_one(engine):
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        leak_list(engine, dimensions=DIMENSIONS, cancel=cancel)


def test_the_list_needs_neither_panel_nor_any_part_of_the_page():
    code = "import sys, queries.leak_list; print(sorted({m.split('.')[0] for m in sys.modules} & {'panel', 'bokeh'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
