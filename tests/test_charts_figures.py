"""The prebuilt figures: what `update` patches exists in them under that name, and nothing in them calls Python back."""

import json

import pytest
from bokeh.embed import json_item
from bokeh.models import ColumnDataSource, CustomJS, GlyphRenderer, Range1d
from builders import FIXTURES, sessions, store_of

from dashboard.ask import Ask, results_of
from dashboard.cards import Context
from dashboard.charts import finding
from dashboard.charts.registry import CHARTS
from dashboard.theme import LIGHT, THEMES, bokeh_theme
from ingest.pipeline import ingest_exports
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import CHECKOUT, ENGAGEMENT
from queries.store import Store

DRAWN = [chart for chart in CHARTS if chart.build]
NEVER_CHANGES = {}
EXPORT = FIXTURES / "silent_leak_raw_sessions_10000.csv"
by_name = pytest.mark.parametrize("chart", DRAWN, ids=lambda chart: chart.name)


@pytest.fixture(scope="module")
def figures():
    return {chart.name: chart.build(LIGHT) for chart in DRAWN if chart.build}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    rows = [
        row
        for device in ("desktop", "mobile", "smart tv")
        for pages, seconds, orders in ((1, 0, 0), (6, 100, 0), (12, 700, 1))
        for row in sessions(
            40,
            device_category=device,
            country="SG",
            pageviews=pages,
            duration_seconds=seconds,
            transactions=orders,
            revenue=3,
        )
    ]
    return Engine(store_of(tmp_path_factory.mktemp("figures"), rows))


def state_of(engine, chart, filters=None, funnel=ENGAGEMENT):
    filters = filters or Filters()
    settings = {name: default for name, (_, default) in chart.settings.items()}
    results = results_of(engine, chart.needs(settings), Ask(filters, funnel, {}))
    days = frozenset(row["session_date"] for row in engine.run("trend").rows)
    return chart.update(results, Context(filters, funnel, min(days), max(days), settings, days))


@by_name
@pytest.mark.parametrize("funnel", [ENGAGEMENT, CHECKOUT], ids=lambda funnel: funnel.name)
def test_every_patched_name_is_one_model_with_those_properties(figures, engine, chart, funnel):
    state = state_of(engine, chart, funnel=funnel)
    assert state.sources
    for name, properties in state.models.items():
        model = figures[chart.name].select_one({"name": name})
        assert model is not None, name
        assert set(properties) <= set(model.properties())
    for name, columns in state.sources.items():
        source = figures[chart.name].select_one({"name": name})
        assert isinstance(source, ColumnDataSource), name
        assert set(source.data) == set(columns) | NEVER_CHANGES.get(name, set())


@by_name
def test_every_source_is_patched_or_its_panel_is_hidden(figures, engine, chart):
    state = state_of(engine, chart)
    hidden = {name for name, properties in state.models.items() if properties.get("visible") is False}
    for source in figures[chart.name].select({"type": ColumnDataSource}):
        assert source.name in state.sources or any(source.name.startswith(f"{panel}-") for panel in hidden)


@by_name
def test_a_figure_calls_nobody_back_and_pins_no_range_without_a_name(figures, chart):
    fig = figures[chart.name]
    assert not list(fig.select({"type": CustomJS}))
    assert all(model.name for model in fig.select({"type": Range1d}) if chart.name != "countries")
    assert not any(model._callbacks for model in fig.references())


@by_name
def test_marks_without_a_hatch_have_a_ready_tile_for_it(figures, chart):
    """Else Bokeh draws the blank pattern of a column on five canvases a mark at every change."""
    glyphs = [renderer.glyph for renderer in figures[chart.name].select({"type": GlyphRenderer})]
    hatched = [glyph for glyph in glyphs if getattr(glyph, "hatch_pattern", None) == "hatch"]
    assert all(" " in glyph.hatch_extra for glyph in hatched)
    assert hatched or chart.name not in {"trend", "countries"}


@by_name
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_a_figure_is_json_in_both_themes(chart, theme):
    assert chart.build
    text = json.dumps(json_item(chart.build(theme), theme=bokeh_theme(theme)))
    assert theme.text_tertiary in text or chart.name == "countries"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    if not EXPORT.exists():
        pytest.skip(f"the original's export is not at {EXPORT}")
    store = Store(tmp_path_factory.mktemp("original") / "store")
    ingest_exports([EXPORT], store)
    return Engine(store)


HEADINGS = {
    "trend": "From 0 % on 6 Jul to 1.55 % on 7 Jul: larger than chance; 6 Jul has no order in 832 sessions",
    "funnel": "83 % of sessions never reach a fifth page: 81 % on desktop, 86 % on mobile",
    "completion": "Devices differ most at the last step: desktop ahead of mobile, 18 % against 4 %",
    "countries": (
        "92 of 94 converted sessions come from the United States: 2.22 % convert there, 0.03 % (2 of 5,864) elsewhere"
    ),
    "durations": "Highest rate by time on site: Desktop 13.8 % at 20–60 min and Mobile 4.82 % at 10–20 min",
    "converted_vs_engaged": (
        "On average buyers look at 24 pages and stay 17 minutes; engaged others 10 pages, 7 minutes"
    ),
    "sources": (
        "google has no session on 5 Jul, where 1,710 were expected; youtube.com brought 1,074 sessions and no order, "
        "where the mean gives 10"
    ),
    "takeaways": "83 % leave before a fifth page; 3 of 5 comparisons are larger than chance",
}


@pytest.mark.parametrize("name", HEADINGS)
def test_the_heading_on_the_originals_own_sessions(original, name):
    [chart] = [chart for chart in CHARTS if chart.name == name]
    assert state_of(original, chart).heading.replace("\u202f", " ") == HEADINGS[name]


def test_what_a_step_costs_on_the_originals_own_sessions_is_an_estimate_beside_its_ceiling(original):
    [chart] = [chart for chart in CHARTS if chart.name == "revenue_lost"]
    state = state_of(original, chart)
    said = state.heading.replace("\u202f", " ")
    assert "Money counts what is lost at each step; other cards count otherwise" in state.note
    assert said.startswith("Step by step about $1.4 k is at stake in 5 days (")
    assert said.endswith("; the “everyone buys” ceiling would say $1.41 M")


def test_the_finding_on_the_originals_own_sessions(original):
    results = results_of(original, finding.NEEDS, Ask(Filters(), ENGAGEMENT, {}))
    said, more = finding.finding(results, Context(Filters(), ENGAGEMENT, None, None))
    assert said.replace("\u202f", " ") == "94 of 10,000 sessions converted: 0.94 % (95 % interval 0.77 to 1.15 %)."
    assert more.startswith("8,276 of 9,997 sessions (83")


def test_the_tables_hold_the_figures_of_the_original(original):
    cells = {
        chart.name: {cell for row in twin.rows for cell in row}
        for chart in CHARTS
        if (twin := state_of(original, chart).table)
    }
    plain = {name: {cell.replace("\u202f", " ") for cell in held} for name, held in cells.items()}
    assert {"8,276", "1,038", "589", "$1,178,304.30"} <= plain["revenue_lost"]
    assert {"6,108", "3,437", "452", "1,159", "489", "73", "85", "7", "2"} <= plain["funnel"]
    assert {"24.39", "1,000.73 s", "10.16", "433.60 s"} <= plain["converted_vs_engaged"]
    assert {"4,136", "92", "2.22 %", "$13,304.49"} <= plain["countries"]
    assert {"google", "3,936", "0.53 %", "40 more sources", "All sources", "$13,383.35"} <= plain["sources"]
