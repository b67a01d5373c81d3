"""The page without a browser: what it is built from, what a viewer's deeds change, what goes wrong alone."""

import datetime as dt
import inspect
import json
import sys
from pathlib import Path

import pytest
from builders import session, sessions, store_of

import dashboard
from dashboard import figures
from dashboard.app import create_app, explain
from dashboard.chart import CardState, Chart, Need
from dashboard.charts import CHARTS
from dashboard.compute import Ask, answer
from dashboard.download import csv_text, file_name
from dashboard.freshness import Source
from dashboard.selection import Selection
from dashboard.theme import DARK, LIGHT, THEMES, css_variables, text_on, tokens
from dashboard.viewer import DEEDS, KNOWN_SETTINGS, Viewer, as_text
from dashboard.views import VIEWS
from queries.engine import Cancel, Cancelled, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    days = [dt.date(2017, 7, day) for day in (2, 4, 5)]
    rows = []
    for day in days:
        shared = {"session_date": day, "channel_group": "Direct", "visitor_type": "new"}
        rows += sessions(40, device_category="desktop", country="US", source="google", pageviews=6, **shared)
        rows += sessions(20, device_category="mobile", country="GB", source="<script>alert(1)</script>", **shared)
        bought = {"transactions": 1, "revenue": 20, "pageviews": 12, "duration_seconds": 600}
        rows += sessions(5, device_category="desktop", country="US", source="(direct)", **bought, **shared)
    rows.append(session(source="=cmd()", device_category="tablet", country="MT", session_date=days[0]))
    return store_of(tmp_path_factory.mktemp("app") / "store", rows)


@pytest.fixture
def viewer(store, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    return Viewer(Source(store))


class AtOnce:
    """Stand in for the thread pool: what is submitted has happened when submit returns."""

    def submit(self, call, *arguments):
        call(*arguments)


def shown(viewer):
    return json.loads(viewer.cards.state)


def test_every_chart_is_on_exactly_one_view():
    placed = [name for view in VIEWS for name in view.cards]
    assert sorted(placed) == sorted(chart.name for chart in CHARTS)


def test_a_page_is_built_from_a_store_and_a_url(store):
    page = create_app(store, title="Shop")
    assert page.title == "Shop"
    assert len(page.main) == 2
    assert len(page.sidebar) == 1


def test_a_folder_without_a_store_gives_a_page_that_names_the_command(tmp_path):
    page = create_app(Store(tmp_path / "nothing <b>here</b>"))
    text = page.main[0].object
    assert "silent-leak ingest" in text
    assert "<b>" not in text


def test_an_explanation_is_text_and_never_markup():
    assert "&lt;script&gt;" in explain("<script>", "&").main[0].object


def test_all_cards_arrive_in_one_state(viewer):
    state = shown(viewer)
    assert set(state["cards"]) == {chart.name for chart in CHARTS}
    assert not [card for card in state["cards"].values() if "error" in card]
    assert state["counted"] == "196 of 196 sessions"
    assert state["empty"] is None


def test_a_click_on_a_mark_filters_and_the_chip_takes_it_back(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB", "additive": False, "exclude": False})
    state = shown(viewer)
    assert state["counted"] == "60 of 196 sessions"
    assert [(chip["title"], chip["label"]) for chip in state["chips"]] == [("Country", "United Kingdom")]
    assert viewer.address.query == "?country=GB"
    viewer.act({"kind": "remove", "dimension": "country", "exclude": False})
    assert shown(viewer)["chips"] == []
    assert viewer.address.query == ""


def test_the_list_of_a_filtered_dimension_keeps_its_other_values(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB", "echo": 7})
    fields = json.loads(viewer.panel.fields)
    countries = next(field for field in fields["dimensions"] if field["name"] == "country")
    devices = next(field for field in fields["dimensions"] if field["name"] == "device_category")
    assert [value for value, _, _ in countries["values"]] == ["US", "GB", "MT"]
    assert [value for value, _, _ in devices["values"]] == ["mobile"]
    assert (countries["chosen"], fields["echo"]) == (["GB"], 7)


def test_an_empty_selection_says_which_filter_empties_it(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "FR"})
    state = shown(viewer)
    assert "France" in state["empty"]
    assert state["counted"] == "0 of 196 sessions"
    assert not [card for card in state["cards"].values() if "error" in card]


def test_days_are_chosen_and_the_whole_range_is_no_filter(viewer):
    viewer.act({"kind": "dates", "first": "2017-07-04", "last": "2017-07-05"})
    assert shown(viewer)["chips"][0]["label"] == "from 4 Jul 2017"
    viewer.act({"kind": "dates", "first": "2017-07-02", "last": "2017-07-05"})
    assert shown(viewer)["chips"] == []
    viewer.act({"kind": "dates", "first": "soon", "last": None})
    assert shown(viewer)["chips"] == []


def test_back_in_the_browser_restores_the_selection_without_a_new_step(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB"})
    viewer.address.query = "?country=US&bogus=1"
    assert viewer.selection.include == {"country": ("US",)}
    assert viewer.address.query == "?country=US"
    assert viewer.address.replaces


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "rm -rf"},
        {"kind": ["filter"]},
        {"kind": "filter"},
        {"kind": "filter", "dimension": "revenue", "value": "1"},
        {"kind": "filter", "dimension": {"a": 1}, "value": 3},
        {"kind": "setting", "card": "nothing", "name": "x", "option": "y"},
        {"kind": "csv", "card": "nothing"},
        {"kind": "sql"},
        {"kind": "search", "dimension": 4, "text": None},
        {"kind": "prefers", "mode": "purple"},
        {"kind": "dates", "first": "9" * 400},
    ],
)
def test_no_message_from_a_browser_breaks_the_page(viewer, message):
    viewer.act(message)
    viewer.act({"kind": "retry"})
    assert shown(viewer)["counted"] == "196 of 196 sessions"


def test_every_message_that_the_browser_sends_is_understood():
    sent = set()
    for script in Path(inspect.getfile(dashboard)).parent.glob("*.js"):
        sent |= {
            part.split('"')[1] for part in script.read_text(encoding="utf-8").split("kind: ")[1:] if part[0] == '"'
        }
    assert sent <= set(DEEDS) | {"values"}
    assert set(DEEDS) <= sent | {"narrow"}


def test_a_setting_of_a_card_is_asked_for_and_kept_in_the_url(viewer):
    key, (options, default) = next(iter(KNOWN_SETTINGS.items()))
    other = next(option for option in options if option != default)
    card, name = key.split(".")
    viewer.act({"kind": "setting", "card": card, "name": name, "option": other})
    assert shown(viewer)["settings"][key] == other
    assert viewer.address.query == f"?{key}={other}"


def test_the_theme_follows_the_system_until_one_is_chosen(viewer):
    assert viewer.theme is LIGHT
    viewer.act({"kind": "prefers", "mode": "dark"})
    assert viewer.theme is DARK
    assert viewer.cards.figures.startswith("dark:")
    assert viewer.address.query == ""
    viewer.selection.theme = "light"
    assert viewer.theme is LIGHT
    assert viewer.address.query == "?theme=light"


def test_a_failing_card_fails_alone(store, caplog):
    def update(results, context):
        raise ZeroDivisionError

    broken = Chart("broken", "Broken", lambda settings: (Need("overview"),), update)
    unknown = Chart("unknown", "Unknown", lambda settings: (Need("no such metric"),), update)
    fine = Chart("fine", "Fine", lambda settings: (Need("overview"),), lambda results, context: CardState("Fine"))
    found = answer(Engine(store), (broken, unknown, fine), Ask(Filters(), ENGAGEMENT, {}))
    assert "ZeroDivisionError" in found.cards["broken"]["error"]
    assert "could not be drawn" in found.cards["unknown"]["error"]
    assert found.cards["fine"]["heading"] == "Fine"
    assert "card broken" in caplog.text


def test_a_figure_that_cannot_be_built_does_not_take_the_others_with_it(monkeypatch, caplog):
    monkeypatch.setattr(figures, "_packed", {})

    def build(theme):
        raise RuntimeError

    broken = Chart("broken", "Broken", lambda settings: (), lambda results, context: CardState(""), build)
    assert figures.packed_figures([broken], LIGHT).startswith("light:")
    assert "card broken" in caplog.text


def test_a_superseded_question_stops(store):
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        answer(Engine(store), CHARTS, Ask(Filters.of(include={"country": ["GB"]}), ENGAGEMENT, settings()), cancel)


def settings():
    return {chart.name: {name: default for name, (_, default) in chart.settings.items()} for chart in CHARTS}


def test_an_answer_that_comes_too_late_is_not_shown(viewer):
    before = viewer.cards.state
    late, cancel = viewer.answer, Cancel()
    cancel.cancel()
    viewer.selection.toggle("country", "GB")
    now = viewer.cards.state
    viewer._show(late, cancel)
    assert viewer.cards.state == now != before


def test_new_data_is_shown_when_the_store_has_a_newer_version(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    monkeypatch.setattr("dashboard.freshness.SECONDS", 0)
    store = store_of(tmp_path / "store", sessions(3, country="US"))
    viewer = Viewer(Source(store))
    assert shown(viewer)["counted"] == "3 of 3 sessions"
    store_of(tmp_path / "store", sessions(5, country="US"))
    viewer.look_for_data()
    assert shown(viewer)["counted"] == "5 of 5 sessions"
    assert "version 1" in json.loads(viewer.panel.fields)["foot"][1]


def test_states_hold_nothing_that_a_browser_cannot_read():
    with pytest.raises(ValueError, match="JSON"):
        as_text({"rate": float("nan")})
    with pytest.raises(TypeError, match="object"):
        as_text({"what": object()})
    assert as_text({"day": dt.date(2017, 7, 2)}) == '{"day":"2017-07-02"}'


def test_a_download_names_its_filters_and_disarms_formulas(store):
    selection = Selection()
    selection.toggle("source", "=cmd()")
    selection.toggle("country", "MT")
    results = [Engine(store).run("segments", selection.filters, by="source")]
    text = csv_text("Sources", results, selection)
    assert text.splitlines()[1] == "# Source is =cmd(); Country is Malta; funnel Engagement"
    assert "'=cmd(),1,0" in text
    assert file_name(selection, 3) == "silent-leak_source-is-cmd_country-is-malta_v3"


def test_both_themes_have_the_same_tokens_and_readable_text_on_each_fill():
    assert list(tokens(LIGHT)) == list(tokens(DARK))
    assert text_on("#FFFFFF") == LIGHT.text
    assert text_on("#0B5CAD") == "#FFFFFF"
    for theme in THEMES:
        assert all(f"--sl-{name}:{colour}" in css_variables() for name, colour in tokens(theme).items())


def test_nothing_in_the_dashboard_hides_another_module():
    folder = Path(inspect.getfile(dashboard)).parent
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()} - {
        "__init__",
        "__pycache__",
    }
    packages = {"queries", "ingest", "dashboard", "panel", "param", "bokeh", "duckdb", "pandas", "numpy"}
    assert not names & (set(sys.stdlib_module_names) | packages)
