"""Every chart, on stores small enough to reason about: registered, serialisable, honest and never broken by a value."""

import datetime as dt
import importlib
import itertools
import json
import pkgutil
from dataclasses import replace

import pytest
from builders import session, sessions, store_of

from dashboard import charts as package
from dashboard.ask import Ask, results_of
from dashboard.cards import Card, Context
from dashboard.chart import ChartView
from dashboard.charts import finding
from dashboard.charts.registry import CHARTS
from dashboard.periods import Comparison, Days
from dashboard.theme import token_names
from dashboard.views import VIEWS
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import CHECKOUT, ENGAGEMENT
from queries.metrics import metric_named

SCRIPT = "<script>alert(1)</script>"
by_name = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)


def test_every_module_of_a_chart_is_in_the_tuple_and_the_reverse():
    found = set()
    for name in {module.name for module in pkgutil.iter_modules(package.__path__)}:
        held = [each for each in vars(importlib.import_module(f"dashboard.charts.{name}")).values()]
        own = [each for each in held if isinstance(each, type) and each.__module__ == f"dashboard.charts.{name}"]
        charts = [each for each in own if issubclass(each, ChartView) and each.key]
        if charts or any(isinstance(each, Card) for each in held):
            found.add(name)
        assert [chart.key for chart in charts] in ([], [name])
    assert found == {chart.name for chart in CHARTS}


def test_every_chart_has_a_place_in_a_view_and_views_name_only_charts():
    named = {card if isinstance(card, str) else card[0] for view in VIEWS for card in view.cards}
    assert named == {chart.name for chart in CHARTS}


@by_name
def test_a_chart_asks_metrics_that_exist_with_options_they_have(chart):
    for need in chart.needs({name: default for name, (_, default) in chart.settings.items()}):
        if need.compute:
            continue
        metric = metric_named(need.metric)
        assert set(dict(need.options)) <= set(metric.options)
        assert need.by is None or metric.segmented != "no"


@by_name
def test_the_default_of_a_setting_is_one_of_its_options(chart):
    assert all(default in options for options, default in chart.settings.values())


def asked(engine, chart, filters=None, funnel=ENGAGEMENT, **chosen):
    filters = filters or Filters()
    settings = {name: default for name, (_, default) in chart.settings.items()} | chosen
    days = [row["session_date"] for row in engine.run("trend").rows]
    whole = Comparison("custom", Days(min(days), max(days))) if chart.name == "why" else None
    ask = Ask(filters, funnel, {}, whole)
    results = results_of(engine, chart.needs(settings), ask)
    context = Context(filters, funnel, min(days, default=None), max(days, default=None), settings, frozenset(days))
    return chart.update(results, replace(context, compared=ask.compared))


TWO_DAYS = [dt.date(2017, 7, 2), dt.date(2017, 7, 4)]
STORES = {
    "one session": sessions(1, device_category="mobile", source="google", country="US"),
    "one buyer": sessions(1, device_category="mobile", source="google", country="US", transactions=1, revenue=5),
    "no order": [
        row
        for device, date in itertools.product(("desktop", "mobile"), TWO_DAYS)
        for row in sessions(60, device_category=device, session_date=date, source="google", country="US", pageviews=6)
    ],
    "no page": sessions(3, pageviews=0),
    "only orders": sessions(
        40, device_category="desktop", transactions=1, revenue=10, pageviews=12, duration_seconds=400
    ),
    "nothing set": sessions(50),
    "script": [
        *sessions(200, source=SCRIPT, country=SCRIPT, device_category=SCRIPT, pageviews=7, duration_seconds=30),
        *sessions(9, source=SCRIPT, country=SCRIPT, device_category=SCRIPT, transactions=1, revenue=7),
        *sessions(300, source="google", country="US", device_category="desktop"),
    ],
    "many devices": [
        row
        for place, device in enumerate(("desktop", "mobile", "tablet", "smart tv", "(not set)", "console"))
        for row in [*sessions(40 + place, device_category=device), session(device_category=device, transactions=1)]
    ],
    "fifty days": [
        row
        for number in range(50)
        if number not in (7, 8)
        for date in (dt.date(2017, 7, 2) + dt.timedelta(days=number),)
        for row in [
            *sessions(20 + number, session_date=date),
            *sessions(3, session_date=date, transactions=1, revenue=9),
        ]
    ],
}

OF_THE_STORE = ("findings", "standing", "above", "checks", "verdicts", "ingests", "rejects")
"""Charts about the store as a whole, which no filter empties."""
NOBODY_ENGAGED = ("one session", "no page", "nothing set")


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    return {
        name: Engine(store_of(tmp_path_factory.mktemp("stores") / name.replace(" ", "-"), rows))
        for name, rows in STORES.items()
    }


def colours(value):
    """Yield every colour token in a body."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("color", "fill") and isinstance(inner, str):
                yield inner
            else:
                yield from colours(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from colours(inner)


@by_name
@pytest.mark.parametrize("name", STORES)
def test_a_chart_says_something_true_to_form_of_any_store(engines, chart, name):
    state = asked(engines[name], chart)
    assert state.heading and not state.heading.endswith(".")
    if chart.name == "converted_vs_engaged" and name in NOBODY_ENGAGED:
        assert state.empty == "No session has five pageviews or an order."
        return
    if chart.name == "leaderboards" and name in ("nothing set", "no page", "fifty days"):
        assert state.empty == "No export here gives any dimension."
        return
    assert state.empty is None
    json.dumps(state.body, allow_nan=False)
    if nothing := state.body.get("nothing"):
        assert nothing.get("sound") or nothing["text"].endswith(".")
        assert state.table is None
        return
    assert state.table and state.table.rows
    assert all(len(row) == len(state.table.headers) for row in state.table.rows)
    assert len(state.table.numeric) in (0, len(state.table.headers))
    assert all(isinstance(cell, str) for row in state.table.rows for cell in row)
    for panel in state.chart.panels(state.frame) if state.chart else ():
        for columns in panel.layers.values():
            assert len({len(column) for column in columns.values()}) == 1
    assert set(colours(dict(state.body))) <= set(token_names())


@pytest.mark.parametrize("chart", [c for c in CHARTS if c.name not in OF_THE_STORE], ids=lambda chart: chart.name)
def test_a_chart_of_an_empty_selection_names_the_filters_that_empty_it(engines, chart):
    state = asked(engines["no order"], chart, Filters.of(include={"visitor_type": ["new"], "browser": ["Lynx"]}))
    sentence = state.empty or state.heading
    assert "Visitor type is New" in sentence and "Browser is Lynx" in sentence
    assert sentence.endswith(".")


@by_name
def test_another_funnel_is_drawn_as_well(engines, chart):
    state = asked(engines["script"], chart, funnel=CHECKOUT)
    assert state.heading
    json.dumps(state.body, allow_nan=False)


def test_a_script_as_a_source_stays_the_same_text_everywhere(engines):
    charts = {chart.name: asked(engines["script"], chart) for chart in CHARTS}
    names = [row["cells"][0]["text"] for row in charts["sources"].body["rows"]]
    assert SCRIPT in names
    assert charts["sources"].body["rows"][1]["cells"][0]["action"] == {"dimension": "source", "value": SCRIPT}
    assert SCRIPT in charts["funnel"].frame["segment"].tolist()
    assert "&lt;" not in json.dumps([dict(state.body) for state in charts.values()])


def test_the_finding_of_any_store_is_one_full_sentence(engines):
    for engine in engines.values():
        results = results_of(engine, finding.NEEDS, Ask(Filters(), ENGAGEMENT, {}))
        days = [row["session_date"] for row in engine.run("trend").rows]
        said, more = finding.finding(results, Context(Filters(), ENGAGEMENT, min(days), max(days)))
        assert said.endswith(".")
        assert more == "" or more.endswith(".")
