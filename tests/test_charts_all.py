"""Every chart of the page as an object: what its frame holds, that it draws, and what hooks may not do."""

import ast
import datetime as dt
import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import holoviews as hv
import pytest
from bokeh.models import ColumnDataSource, GlyphRenderer
from bokeh.plotting.glyph_api import GlyphAPI
from builders import sessions, store_of
from test_findings import fall, leak, register

from dashboard.chart import ChartView
from dashboard.charts.findings import Findings
from dashboard.charts.registry import CHARTS
from dashboard.selection import Selection
from queries.engine import Engine
from queries.filters import Filters
from queries.judged import Judged

LATER = ("standing", "above", "checks")
"""Lists of findings, which are to be redrawn: they are no chart objects yet."""
MODULES = sorted(Path(inspect.getfile(importlib.import_module("dashboard.charts"))).parent.glob("*.py"))
DRAWN = [card for card in CHARTS if card.chart]
TEXT = [card for card in CHARTS if card.name not in LATER and not card.renderer.startswith("figure")]
MARKS = {name for name in vars(GlyphAPI) if not name.startswith("_")}
by_name = pytest.mark.parametrize("card", DRAWN, ids=lambda card: card.name)


def shop():
    """Return six weeks of visits that differ by device, source and country; the second half converts less."""
    rows = []
    for number in range(42):
        for place, device in enumerate(("desktop", "mobile", "tablet")):
            for source, country in (("google", "US"), ("newsletter", "GB")):
                seen = {
                    "session_date": dt.date(2017, 7, 2) + dt.timedelta(days=number), "device_category": device,
                    "source": source, "country": country, "visitor_type": ("new", "returning")[number % 2],
                }  # fmt: skip
                rows += sessions(9 - 2 * place, **seen, pageviews=2, duration_seconds=40)
                rows += sessions(3, **seen, pageviews=6, duration_seconds=200)
                bought = 2 if number < 21 and not place else 1 if number % 3 == place else 0
                rows += sessions(bought, **seen, pageviews=14, duration_seconds=900, transactions=1, revenue=30)
    return rows


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    store = store_of(tmp_path_factory.mktemp("all") / "store", shop())
    rejects = store.path / "rejects"
    rejects.mkdir()
    (rejects / "a.csv").write_text("file,row,reason,value\nmarch.csv,7,date is in the future,20990101\n")
    return Engine(store)


@pytest.fixture(scope="module")
def chart_of(engine):
    """Return a chart of the shop with its frame, each asked once: the second half of its days, the first compared."""

    @cache
    def chart(kind: type[ChartView]):
        selection = Selection()
        selection.choose_dates(dt.date(2017, 7, 23), dt.date(2017, 8, 12))
        one = kind(engine, selection=selection)
        frame = one.frame()
        if kind is Findings:  # the shop is too small to have one
            frame = one.read([Judged("findings", [], "", {}, 1, Filters(), register([fall()], [leak()]))])
        return one, frame

    return chart


@by_name
def test_the_docstring_of_a_chart_gives_the_grain_of_its_frame(card):
    said = " ".join((inspect.getdoc(card.chart) or "").split())
    assert re.search(r"\bFrames?: ", said)
    assert re.search(r"[Oo]ne row an? ", said)


@pytest.mark.parametrize("card", TEXT, ids=lambda card: card.name)
def test_a_card_that_stays_text_says_why(card):
    where = card.chart or inspect.getmodule(card.update)
    assert re.search(r"\b(Text on|On) the page\b.*: \w+", " ".join((inspect.getdoc(where) or "").split()))


@pytest.mark.parametrize("card", [card for card in CHARTS if not card.chart], ids=lambda card: card.name)
def test_a_card_without_a_chart_lists_findings_or_holds_sentences(card):
    assert card.name in (*LATER, "verdicts")


@by_name
def test_a_chart_says_tells_and_names_its_question(card, chart_of):
    chart, frame = chart_of(card.chart)
    said = chart.say(frame)
    assert said.heading and said.empty is None
    table = chart.table(frame)
    assert table and table.rows
    assert all(len(row) == len(table.headers) for row in table.rows)
    assert isinstance(chart.sql, str)


@by_name
def test_a_chart_draws_a_store_and_its_hooks_add_no_mark(card, chart_of):
    chart, frame = chart_of(card.chart)
    picture = chart.plot(frame)
    assert isinstance(picture, hv.Overlay | hv.Layout)
    elements = picture.traverse(lambda each: each, [hv.Element])
    assert any(len(each) for each in elements)
    pictures = [picture] if isinstance(picture, hv.Overlay) else list(picture)
    hooked = [hv.render(each, backend="bokeh") for each in pictures]
    for each in picture.traverse(lambda each: each, [hv.Element, hv.Overlay]):
        each.opts(backend="bokeh", hooks=[])
    bare = [hv.render(each, backend="bokeh") for each in pictures]
    assert all(each.name == card.name for each in hooked)
    assert not any(each.name for each in bare)
    assert [marks(each) for each in bare] == [marks(each) for each in hooked]
    assert sum(sources for _, sources in map(marks, bare)) == len(elements)


def marks(drawn):
    """Return the marks and the sources of a figure."""
    return len(list(drawn.select({"type": GlyphRenderer}))), len(list(drawn.select({"type": ColumnDataSource})))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_chart_draws_with_bokeh_itself(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [each.name for each in node.names] + [getattr(node, "module", "") or ""]
            assert not any(name.startswith(("bokeh.plotting", "bokeh.models.glyphs")) for name in names)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MARKS:
            assert getattr(node.func.value, "attr", "") == "hvplot", f"line {node.lineno} calls .{node.func.attr}"


def test_the_names_of_marks_are_known():
    assert {"line", "scatter", "rect", "hbar", "text", "multi_polygons"} <= MARKS
