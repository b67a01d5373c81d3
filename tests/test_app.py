"""The page without a browser: what it is built from, what a viewer's deeds change, what goes wrong alone."""

import base64
import datetime as dt
import inspect
import io
import json
import re
import subprocess
import sys
import zipfile
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders import session, sessions, store_of

import dashboard
from dashboard import download, figures
from dashboard.app import create_app, explain
from dashboard.ask import Ask
from dashboard.cards import Card, CardState, Finding, Need
from dashboard.chart import ChartView
from dashboard.charts.registry import CHARTS
from dashboard.compute import answer
from dashboard.deeds import DEEDS
from dashboard.download import csv_text, methods
from dashboard.freshness import Source
from dashboard.page import SCRIPTS, as_text
from dashboard.questions import Question, parts_of
from dashboard.selection import Selection
from dashboard.theme import DARK, LIGHT, THEMES, css_variables, text_on, tokens
from dashboard.viewer import KNOWN_SETTINGS, Viewer
from dashboard.views import VIEWS, charts_of, placed, shown_views
from queries.engine import Cancel, Cancelled, Engine, QueryError, Result
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.judged import Judged
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
        done = Future()
        done.set_result(call(*arguments))
        return done


def shown(viewer):
    """Return the state that the page is in, with what came later."""
    state = json.loads(viewer.page.state)
    late = json.loads(viewer.page.late or "{}")
    if late.get("view") == state["view"]:
        state["cards"] |= late["cards"]
        state["finding"] = state["finding"] or late["finding"]
    return state


def bar(viewer):
    return json.loads(viewer.page.bar)


@pytest.fixture
def replies(viewer, monkeypatch):
    said = []
    monkeypatch.setattr(viewer.page, "reply", said.append)
    return said


def test_every_chart_is_on_a_view_and_every_card_of_a_view_exists():
    names = {card if isinstance(card, str) else card[0] for view in VIEWS for card in view.cards}
    assert names == {chart.name for chart in CHARTS}
    assert all(len(placed(view)) == len(view.cards) for view in VIEWS)


def test_every_view_has_a_name_and_a_key_of_its_own():
    for part in ("name", "title", "key"):
        assert len({getattr(view, part) for view in VIEWS}) == len(VIEWS)
    icons = (Path(inspect.getfile(dashboard)).parent / "dom.js").read_text(encoding="utf-8")
    assert all(f"  {view.icon}: [" in icons for view in VIEWS)


def test_every_card_says_how_it_is_computed():
    assert {chart.name for chart in CHARTS} <= set(methods())


def test_every_script_may_be_fetched_and_every_renderer_is_known():
    folder = Path(inspect.getfile(dashboard)).parent
    assert {path.name for path in folder.glob("*.js")} == {*SCRIPTS, "page.js"}
    renderers = (folder / "renderers.js").read_text(encoding="utf-8")
    for chart in CHARTS:
        assert (
            f'"{chart.renderer}":' in renderers
            or f"  {chart.renderer}," in renderers
            or f"  {chart.renderer}:" in renderers
        )


def test_a_page_is_built_from_a_store_and_a_url(store):
    page = create_app(store, title="Shop")
    assert page._render_variables["app_title"] == "Shop"
    assert page._render_variables["app_views"] == [view.title for view in shown_views()]


def content(page):
    return page._render_items["viewer"][0].object


def test_a_folder_without_a_store_gives_a_page_that_names_the_command(tmp_path):
    text = content(create_app(Store(tmp_path / "nothing <b>here</b>")))
    assert "silent-leak ingest" in text
    assert "<b>" not in text


def test_an_explanation_is_text_and_never_markup():
    assert "&lt;script&gt;" in content(explain("<script>", "&"))


@pytest.mark.parametrize("view", [view.name for view in shown_views()])
def test_all_cards_of_a_view_and_no_others_arrive_in_one_state(viewer, view):
    viewer.act({"kind": "view", "view": view})
    state = shown(viewer)
    assert state["view"] == view
    assert set(state["cards"]) == {chart.name for chart in charts_of(viewer.view)}
    assert not [card for card in state["cards"].values() if "error" in card]
    assert viewer.page.query == ("" if view == "overview" else f"?view={view}")
    assert state["counted"] == "196 of 196 sessions"
    assert state["empty"] is None


def test_a_click_on_a_mark_filters_and_the_chip_takes_it_back(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB", "additive": False, "exclude": False})
    state = shown(viewer)
    assert state["counted"] == "60 of 196 sessions"
    assert [(chip["title"], chip["label"]) for chip in bar(viewer)["chips"]] == [("Country", "United Kingdom")]
    assert viewer.page.query == "?country=GB"
    viewer.act({"kind": "remove", "dimension": "country", "exclude": False})
    assert bar(viewer)["chips"] == []
    assert viewer.page.query == ""


def test_esc_brings_back_the_filters_before_the_last_change(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB"})
    viewer.act({"kind": "filter", "dimension": "device_category", "value": "mobile"})
    viewer.act({"kind": "undo"})
    assert viewer.page.query == "?country=GB"
    viewer.act({"kind": "undo"})
    viewer.act({"kind": "undo"})
    assert viewer.page.query == ""


def test_one_click_may_filter_several_dimensions_and_open_a_view_in_one_step(viewer):
    where = {"country": "US", "device_category": "desktop", "revenue": "1"}
    viewer.act({"kind": "filter", "where": where, "view": "funnel"})
    assert viewer.page.query == "?view=funnel&country=US&device_category=desktop"
    assert shown(viewer)["view"] == "funnel"
    viewer.act({"kind": "undo"})
    assert viewer.page.query == "?view=funnel"


def test_the_list_of_a_filtered_dimension_keeps_its_other_values(viewer, replies):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB"})
    viewer.act({"kind": "values", "dimension": "country", "text": ""})
    countries = next(said for said in replies if said["kind"] == "values")
    assert [line[0] for line in countries["values"]] == ["US", "GB", "MT"]
    assert [line[0] for line in countries["values"] if line[-1] == "chosen"] == ["GB"]


def test_a_search_finds_values_of_every_dimension_and_names_it(viewer, replies):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB"})
    viewer.act({"kind": "values", "dimension": "country", "text": "MOB"})
    (found,) = (said for said in replies if said["kind"] == "values")
    assert [(*line[:3], *line[4:]) for line in found["values"]] == [("mobile", "Mobile", 60, "device_category", "")]


def test_the_month_before_is_offered_for_whole_months_and_kept_in_the_link(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    days = [dt.date(2026, 9, 1) + dt.timedelta(days=number) for number in range(61)]
    own = store_of(tmp_path / "store", [session(session_date=day) for day in days])
    viewer = Viewer(Source(own), "?days=this-month&compare=month")
    assert bar(viewer)["compare"]["label"] == "1–30 Sep 2026"
    assert viewer.page.query == "?days=this-month&compare=month"
    viewer.act({"kind": "dates", "first": "2026-10-02", "last": "2026-10-31"})
    assert bar(viewer)["compare"]["label"] == "2 Sep – 1 Oct 2026", "no whole month: the days before"
    month = next(option for option in bar(viewer)["compare"]["options"] if option["mode"] == "month")
    assert (month["possible"], month["words"]) == (False, "only for whole months")


def test_a_period_is_compared_with_the_days_before_it_and_says_which(viewer):
    compared = bar(viewer)["compare"]
    assert (compared["label"], compared["reason"]) == ("off", "no earlier data")
    viewer.act({"kind": "dates", "first": "2017-07-05", "last": "2017-07-05"})
    assert bar(viewer)["compare"]["label"] == "4 Jul 2017"
    assert viewer.answer.ask.compared.date_from == dt.date(2017, 7, 4)
    viewer.act({"kind": "compare", "mode": "year"})
    year = next(option for option in bar(viewer)["compare"]["options"] if option["mode"] == "year")
    assert (year["possible"], year["words"]) == (False, "no earlier data")
    assert viewer.answer.ask.compared is None
    viewer.act({"kind": "compare", "mode": "custom", "first": "2017-07-02", "last": "2017-07-04"})
    assert bar(viewer)["compare"]["label"] == "2–4 Jul 2017"
    assert viewer.page.query.endswith("compare=custom&compare_from=2017-07-02&compare_to=2017-07-04")


def test_a_funnel_keeps_the_chosen_steps(viewer):
    viewer.act({"kind": "view", "view": "funnel"})
    viewer.act({"kind": "funnel", "name": "Engagement", "steps": [1, 4, 9]})
    assert bar(viewer)["funnel"]["label"] == "Engagement, 2 of 4 steps"
    assert viewer.page.query == "?view=funnel&steps=1-4"
    assert list(dict.fromkeys(viewer.answer.cards["funnel"].frame["step"])) == ["Browsed", "Converted"]
    viewer.act({"kind": "funnel", "name": "Checkout", "steps": []})
    assert viewer.page.query == "?view=funnel&funnel=Checkout"


def test_a_funnel_whose_steps_no_session_has_cannot_be_chosen_and_says_why(viewer, tmp_path, monkeypatch):
    engagement, checkout = bar(viewer)["funnel"]["options"]
    assert engagement["possible"]
    assert not checkout["possible"]
    assert checkout["words"] == "no session has Viewed item, Added to cart or Began checkout"
    rows = [session(viewed_item=True, added_to_cart=True, began_checkout=True), session(viewed_item=False)]
    knowing = Viewer(Source(store_of(tmp_path / "store", rows)), "?funnel=Checkout")
    assert all(option["possible"] for option in bar(knowing)["funnel"]["options"])
    assert bar(knowing)["funnel"]["label"] == "Checkout"
    unknowing = Viewer(viewer.source, "?funnel=Checkout")
    assert bar(unknowing)["funnel"]["label"] == "Checkout, not in this export"


def test_a_query_that_fails_does_so_in_its_own_card(viewer, monkeypatch):
    run = Engine.run

    def broken(self, metric, filters=None, **rest):
        if metric == "countries":
            raise QueryError(metric, "out of memory at 2 GB", "select 1")
        return run(self, metric, filters, **rest)

    monkeypatch.setattr(Engine, "run", broken)
    viewer.act({"kind": "filter", "dimension": "device_category", "value": "desktop"})
    cards = shown(viewer)["cards"]
    assert [name for name, card in cards.items() if "error" in card] == ["countries"]
    assert f"Query {cards['countries']['query_id']}: out of memory at 2 GB" in cards["countries"]["error"]
    assert shown(viewer)["counted"] == "135 of 196 sessions"


def test_a_choice_for_all_cards_reaches_each_that_has_it(viewer):
    viewer.act({"kind": "view", "view": "geography"})
    viewer.act({"kind": "setting", "name": "min_sessions", "option": "50"})
    assert bar(viewer)["settings"]["countries.min_sessions"] == "50"
    assert viewer.page.query == "?view=geography&min_sessions=50"
    viewer.act({"kind": "setting", "name": "min_sessions", "option": ""})
    assert viewer.page.query == "?view=geography"


def test_an_empty_selection_says_which_filter_empties_it(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "FR"})
    state = shown(viewer)
    assert "France" in state["empty"]
    assert state["counted"] == "0 of 196 sessions"
    assert not [card for card in state["cards"].values() if "error" in card]


def test_days_are_chosen_and_the_whole_range_is_no_filter(viewer):
    viewer.act({"kind": "dates", "first": "2017-07-04", "last": "2017-07-05"})
    assert bar(viewer)["dates"]["label"] == "4–5 Jul 2017"
    assert viewer.page.query == "?from=2017-07-04&to=2017-07-05", "tomorrow the store may reach further"
    viewer.act({"kind": "dates", "first": "2017-07-02", "last": "2017-07-05"})
    assert viewer.page.query == ""
    viewer.act({"kind": "dates", "first": "soon", "last": None})
    assert viewer.page.query == ""


def test_a_relative_period_is_kept_in_the_link_and_says_its_days(viewer):
    viewer.act({"kind": "dates", "period": "last-2"})
    assert viewer.page.query == "?days=last-2"
    assert (bar(viewer)["dates"]["name"], bar(viewer)["dates"]["label"]) == ("Last 2 days", "4–5 Jul 2017")
    assert shown(viewer)["stated"][0] == "Filters: Last 2 days (4–5 Jul 2017); funnel Engagement"
    assert shown(viewer)["counted"] == "130 of 196 sessions"
    viewer.act({"kind": "undo"})
    assert viewer.page.query == ""


def test_a_clicked_day_filters_the_rest_while_its_chart_keeps_all_days(viewer):
    viewer.act({"kind": "filter", "first": "2017-07-04", "last": "2017-07-04"})
    state = shown(viewer)
    assert viewer.page.query == "?on=2017-07-04_2017-07-04"
    assert state["counted"] == "65 of 196 sessions"
    assert bar(viewer)["chips"][0]["label"] == "4 Jul 2017"
    assert bar(viewer)["dates"]["label"] == "2–5 Jul 2017"
    assert state["compared"] == "3 Jul 2017" or bar(viewer)["compare"]["label"].startswith("off")
    trend = viewer.answer.cards["trend"]
    [panel] = trend.chart.panels(trend.frame)
    taps = [action["first"] for action in panel.taps["targets"] if action]
    assert taps == ["2017-07-02", "2017-07-04", "2017-07-05"]
    colors = panel.layers["sessions"]["color"].tolist()
    assert colors == [LIGHT.sequential[0], LIGHT.accent, LIGHT.sequential[0]]
    assert state["stated"][0] == "Filters: 4 Jul 2017; funnel Engagement"
    assert state["file_name"] == "silent-leak_2017-07-04-to-2017-07-04_v0"
    viewer.act({"kind": "filter", "first": "2017-07-04", "last": "2017-07-04"})
    assert viewer.page.query == ""
    viewer.act({"kind": "filter", "first": "2017-07-04", "last": "2017-07-05"})
    viewer.act({"kind": "undo"})
    assert shown(viewer)["counted"] == "196 of 196 sessions"


def test_a_clicked_step_filters_the_rest_while_the_funnel_keeps_all_steps(viewer):
    viewer.act({"kind": "view", "view": "funnel"})
    viewer.act({"kind": "filter", "step": "Engaged"})
    state = shown(viewer)
    assert viewer.page.query == "?view=funnel&step=Engaged"
    assert state["counted"] == "135 of 196 sessions"
    assert bar(viewer)["chips"][0] == {
        "dimension": "step", "title": "Step reached", "exclude": False, "verb": "is", "label": "Engaged",
        "values": "Engaged",
    }  # fmt: skip
    frame = viewer.answer.cards["funnel"].frame
    assert frame[frame["position"] == 1]["reached"].sum() == 196
    assert viewer.answer.cards["funnel"].chart.context.filters.reached[0].name == "Engaged"
    assert state["stated"][0] == "Filters: Step reached is Engaged; funnel Engagement"
    viewer.act({"kind": "filter", "step": "Engaged", "exclude": True})
    assert shown(viewer)["counted"] == "61 of 196 sessions"
    assert viewer.page.query == "?view=funnel&not.step=Engaged"
    viewer.act({"kind": "remove", "dimension": "step", "exclude": True})
    assert viewer.page.query == "?view=funnel"


def test_days_are_typed_and_what_names_none_is_said(viewer, replies):
    viewer.act({"kind": "dates", "text": "2-4 jul"})
    assert viewer.page.query == "?from=2017-07-02&to=2017-07-04", "older exports may be added: the first day is said"
    viewer.act({"kind": "dates", "text": "4-5 jul"})
    assert viewer.page.query == "?from=2017-07-04&to=2017-07-05"
    viewer.act({"kind": "dates", "text": "last 1 day"})
    assert viewer.page.query == "?days=last-1"
    viewer.act({"kind": "dates", "text": "soon"})
    assert viewer.page.query == "?days=last-1"
    said = [reply["text"] for reply in replies if reply["kind"] == "unread"]
    assert said == ["“soon” names no days: write 2-7 jul, 2026-09, 2017-07-05 to 2017-07-07 or last 14 days"]
    viewer.act({"kind": "dates", "text": "all"})
    assert viewer.page.query == ""


def test_a_saved_relative_view_moves_with_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    monkeypatch.setattr("dashboard.freshness.SECONDS", 0)
    held = [session(session_date=dt.date(2017, 7, day)) for day in range(1, 6)]
    store = store_of(tmp_path / "store", held)
    viewer = Viewer(Source(store), "?days=last-2")
    assert (bar(viewer)["dates"]["label"], shown(viewer)["counted"]) == ("4–5 Jul 2017", "2 of 5 sessions")
    assert bar(viewer)["compare"]["label"] == "2–3 Jul 2017"
    store_of(tmp_path / "store", [*held, *sessions(3, session_date=dt.date(2017, 7, 6))])
    viewer.look_for_data()
    assert (bar(viewer)["dates"]["label"], shown(viewer)["counted"]) == ("5–6 Jul 2017", "4 of 8 sessions")
    assert bar(viewer)["compare"]["label"] == "3–4 Jul 2017"
    assert viewer.page.query == "?days=last-2"


def test_back_in_the_browser_restores_the_selection_without_a_new_step(viewer):
    viewer.act({"kind": "filter", "dimension": "country", "value": "GB"})
    viewer.act({"kind": "address", "query": "?country=US&bogus=1"})
    assert viewer.selection.include == {"country": ("US",)}
    assert viewer.page.query == "?country=US"
    assert viewer.page.replaces


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
    assert sent == set(DEEDS) - {"switch"}


def test_a_setting_of_a_card_is_asked_for_and_kept_in_the_url(viewer):
    key, (options, default) = next(iter(KNOWN_SETTINGS.items()))
    other = next(option for option in options if option != default)
    card, name = key.split(".")
    viewer.act({"kind": "setting", "card": card, "name": name, "option": other})
    assert bar(viewer)["settings"][key] == other
    assert viewer.page.query == f"?{key}={other}"


def test_a_link_says_what_of_it_could_not_be_used(store, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    viewer = Viewer(Source(store), "?from=2020-13-45&view=nonsense&compare=abc&country=US&utm_source=mail")
    assert viewer.page.query == "?country=US"
    assert bar(viewer)["unread"] == [
        "from = 2020-13-45 is no day", "view = nonsense is not known here", "compare = abc is not known here",
    ]  # fmt: skip
    viewer.act({"kind": "address", "query": "?from=2017-07-05&to=2017-07-02"})
    assert bar(viewer)["unread"] == ["from = 2017-07-05 lies after to = 2017-07-02, so the two were swapped"]
    viewer.act({"kind": "address", "query": "?country=GB"})
    assert bar(viewer)["unread"] == []


def test_days_without_data_say_which_days_there_are(viewer):
    viewer.act({"kind": "dates", "first": "2018-03-01", "last": "2018-03-31"})
    state = shown(viewer)
    assert state["empty"] == "No sessions match 1–31 Mar 2018: the data cover 2–5 Jul 2017."
    assert state["finding"][1] == "Choose other days to see sessions again."
    assert state["cards"]["checks"]["heading"] == "Nothing to check: no data of these days"
    assert state["cards"]["checks"]["body"]["nothing"]["title"] == "Nothing to check"
    viewer.act({"kind": "dates"})
    assert viewer.page.query == ""


def test_a_page_of_a_ready_selection_shows_it_and_changes_it_but_a_query_wins(store, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    selection = Selection(country=["GB"], period="last-2")
    viewer = Viewer(Source(store), selection=selection)
    assert viewer.selection is selection
    assert viewer.page.query == "?days=last-2&country=GB"
    assert shown(viewer)["counted"] == "40 of 196 sessions"
    selection.choose_view("funnel")
    assert viewer.page.query == "?view=funnel&days=last-2&country=GB"
    viewer.act({"kind": "filter", "dimension": "country", "value": "US"})
    assert selection.country == ["US"]
    selection.country.append("MT")
    selection.param.trigger("country")
    assert viewer.page.query == "?view=funnel&days=last-2&country=US&country=MT"
    selection.param.update(country=[], dates=("2017-07-02", "2017-07-02"))
    assert viewer.page.query == "?view=funnel&from=2017-07-02&to=2017-07-02"
    assert shown(viewer)["counted"] == "66 of 196 sessions"
    assert Viewer(Source(store), "?country=MT", selection=Selection(country="GB")).selection.country == ["MT"]


def test_days_of_the_store_are_told_to_the_selection_with_the_answer_and_not_by_the_worker(store):
    source, selection = Source(store), Selection(period="last-2")
    ask = Ask(selection.filters, selection.funnel, settings())
    asked = Question(shown_views()[-1], replace(ask, finding=shown_views()[-1].finding), Cancel())
    first = next(parts_of(source.engine, asked, selection))
    assert selection.span is None
    assert first.answer.shown == 130


def test_the_theme_follows_the_system_until_one_is_chosen(viewer):
    assert viewer.theme is LIGHT
    viewer.act({"kind": "prefers", "mode": "dark"})
    assert viewer.theme is DARK
    assert viewer.page.mode == "dark"
    assert viewer.page.figures.startswith("dark:")
    assert viewer.page.query == ""
    viewer.selection.theme = "light"
    assert viewer.theme is LIGHT
    assert viewer.page.query == "?theme=light"


def test_cards_that_search_are_told_again_when_a_setting_leaves_their_answer_the_same(viewer):
    before = viewer.page.late
    viewer.act({"kind": "setting", "card": "trend", "name": "unit", "option": "Week"})
    assert json.loads(viewer.page.late)["cards"] == json.loads(before)["cards"]
    assert viewer.page.late != before, "the browser hears of changes only, and its cards would stay dimmed"


def test_cards_that_search_come_after_the_others_and_belong_to_the_answer(viewer, replies):
    state = json.loads(viewer.page.state)
    assert set(state["pending"]) == {chart.name for chart in charts_of(viewer.view) if chart.slow}
    assert set(state["pending"]) == set(json.loads(viewer.page.late)["cards"])
    assert not set(state["pending"]) & set(state["cards"])
    viewer.act({"kind": "csv", "card": "checks"})
    assert replies[-1]["name"].endswith("_checks.csv")
    viewer.act({"kind": "view", "view": "leaks"})
    assert json.loads(viewer.page.state)["finding"] is None
    assert len(shown(viewer)["finding"]) == 2


def test_the_rail_counts_what_is_open(viewer, replies):
    viewer.act({"kind": "retry"})
    counts = [said["counts"] for said in replies if said["kind"] == "open"]
    assert {view.name for view in VIEWS if view.open} == set(counts[-1])


def test_a_failing_card_fails_alone(store, caplog):
    def update(results, context):
        raise ZeroDivisionError

    broken = Card("broken", "Broken", lambda settings: (Need("overview"),), update)
    unknown = Card("unknown", "Unknown", lambda settings: (Need("no such metric"),), update)
    fine = Card("fine", "Fine", lambda settings: (Need("overview"),), lambda results, context: CardState("Fine"))
    found = answer(Engine(store), (broken, unknown, fine), Ask(Filters(), ENGAGEMENT, {}))
    assert "ZeroDivisionError" in found.cards["broken"]["error"]
    assert "could not be drawn" in found.cards["unknown"]["error"]
    assert found.cards["fine"].heading == "Fine"
    assert "card broken" in caplog.text


def test_a_figure_that_cannot_be_built_does_not_take_the_others_with_it(monkeypatch, caplog):
    monkeypatch.setattr(figures, "_packed", {})
    monkeypatch.setattr(figures, "_figures", {})

    class Broken(ChartView):
        key, label = "broken", "Broken"

        def needs(self):
            raise RuntimeError

    assert figures.packed_figures([Broken.card()], LIGHT).startswith("light:")
    assert "card broken" in caplog.text


def test_a_superseded_question_stops(store):
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        answer(Engine(store), CHARTS, Ask(Filters.of(include={"country": ["GB"]}), ENGAGEMENT, settings()), cancel)


def settings():
    return {chart.name: {name: default for name, (_, default) in chart.settings.items()} for chart in CHARTS}


def test_an_answer_that_comes_too_late_is_not_shown(viewer):
    before = viewer.page.state
    late, cancel = viewer.answer, Cancel()
    cancel.cancel()
    viewer.selection.toggle("country", "GB")
    now = viewer.page.state
    viewer._show(late, viewer.held, Question(viewer.view, late.ask, cancel), {})
    assert viewer.page.state == now != before


def test_new_data_is_shown_when_the_store_has_a_newer_version(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    monkeypatch.setattr("dashboard.freshness.SECONDS", 0)
    store = store_of(tmp_path / "store", sessions(3, country="US"))
    viewer = Viewer(Source(store))
    assert shown(viewer)["counted"] == "3 of 3 sessions"
    store_of(tmp_path / "store", sessions(5, country="US"))
    viewer.look_for_data()
    assert shown(viewer)["counted"] == "5 of 5 sessions"
    assert "version 1" in shown(viewer)["foot"][1]


def test_states_hold_nothing_that_a_browser_cannot_read():
    with pytest.raises(ValueError, match="JSON"):
        as_text({"rate": float("nan")})
    with pytest.raises(TypeError, match="object"):
        as_text({"what": object()})
    assert as_text({"day": dt.date(2017, 7, 2)}) == '{"day":"2017-07-02"}'


def test_a_download_names_its_filters_and_disarms_formulas(viewer, replies):
    viewer.act({"kind": "view", "view": "sources"})
    viewer.act({"kind": "filter", "dimension": "source", "value": "=cmd()"})
    viewer.act({"kind": "filter", "dimension": "country", "value": "MT"})
    viewer.act({"kind": "csv", "card": "sources"})
    saved = replies[-1]
    assert saved["name"] == "silent-leak_country-is-malta_source-is-cmd_v0_sources.csv.zip"
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(saved["base64"])))
    assert archive.namelist() == [
        "1_sources_by_device.csv", "2_sources_by_day.csv", "3_trend.csv", "4_checks.csv", "5_sources_by_device.csv",
    ]  # fmt: skip
    for name in archive.namelist():
        lines = archive.read(name).decode("utf-8-sig").splitlines()
        assert lines[1] == "# Filters: Country is Malta; Source is =cmd(); funnel Engagement"
        assert lines[2] == "# Days: 2–5 Jul 2017; compared with nothing"
        assert re.fullmatch(r"# Store store, data version 0, loaded .* UTC; 1 of 196 sessions", lines[3])
        assert "; 2017-07-02 to 2017-07-05; " in lines[4]
        assert [line.startswith("#") for line in lines] == [True] * 6 + [False] * (len(lines) - 6)
        rows = pd.read_csv(io.BytesIO(archive.read(name)), comment="#")
        assert len(rows) == len(lines) - 7
    assert set(pd.read_csv(archive.open("5_sources_by_device.csv"), comment="#")["source"]) == {"'=cmd()", "(all)"}
    assert {card["tables"] for name, card in shown(viewer)["cards"].items() if name == "sources"} == {5}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_of_a_zip_name_the_dimension_that_each_is_split_by(viewer, replies, kind):
    viewer.act({"kind": "view", "view": "explore"})
    viewer.act({"kind": kind, "card": "leaderboards"})
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(replies[-1]["base64"])))
    split = {name: found[1] for name in archive.namelist() if (found := re.search(r"_segments_by_([a-z_]+)\.", name))}
    assert {"device_category", "country", "source"} <= set(split.values())
    for name, dimension in split.items():
        held = archive.open(name)
        table = pd.read_csv(held, comment="#") if kind == "csv" else pd.read_parquet(io.BytesIO(held.read()))
        assert {dimension, "sessions", "conversion_rate"} <= set(table)
        assert "segment" not in table


def test_a_value_with_a_hash_and_a_line_break_stays_one_cell(viewer):
    stated = viewer.stated()
    rows = [{"landing_page": "/a#b\nc", "sessions": 123456}]
    text = csv_text("Pages # all", Result("segments", rows, "select", {}, 0, Filters()), stated)
    held = pd.read_csv(io.StringIO(text), comment="#")
    assert held.to_dict("records") == rows
    large = replace(stated, total=300_000, shown=117_000)
    assert "; 117,000 of 300,000 sessions" in csv_text("Pages", Result("segments", rows, "", {}, 0, Filters()), large)


def test_figures_name_countries_and_segments_as_the_page_does_and_excel_is_told_that_they_are_utf_8(viewer, replies):
    viewer.act({"kind": "view", "view": "geography"})
    viewer.act({"kind": "csv", "card": "countries"})
    content = base64.b64decode(replies[-1]["base64"])
    assert content.startswith("\ufeff# ".encode())
    held = pd.read_csv(io.BytesIO(content), comment="#")
    assert list(held["country"]) == ["US", "GB", "MT"]
    assert list(held["country_name"]) == ["United States", "United Kingdom", "Malta"]
    split = Result("segments", [{"segment": "CI", "sessions": 1}], "", {}, 0, Filters(), by="country")
    assert download.named_rows(split) == [{"country": "CI", "country_name": "Côte d'Ivoire", "sessions": 1}]


def test_parquet_holds_the_same_rows_and_says_what_they_are(viewer, replies):
    viewer.act({"kind": "view", "view": "geography"})
    viewer.act({"kind": "parquet", "card": "countries"})
    saved = replies[-1]
    table = pq.read_table(io.BytesIO(base64.b64decode(saved["base64"])))
    assert saved["name"] == "silent-leak_v0_countries.parquet"
    assert table.column("country").to_pylist() == ["US", "GB", "MT"]
    said = table.schema.metadata[b"silent_leak"].decode()
    assert "data version 0" in said
    assert "Conversion by country; 2017-07-02 to 2017-07-05; 3 rows" in said
    assert "$min_sessions" in table.schema.metadata[b"sql"].decode()


def test_a_view_is_saved_opened_by_default_and_deleted(store, tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    own = store_of(tmp_path / "store", sessions(3, country="US"))
    viewer = Viewer(Source(own), "?view=funnel&country=US")
    viewer.act({"kind": "save_view", "name": '  Funnel “in”  the \\ US" '})
    viewer.act({"kind": "default_view", "name": 'Funnel “in” the \\ US"'})
    other = Viewer(Source(own))
    assert other.page.query == "?view=funnel&country=US"
    plain = Viewer(Source(own), "?view=overview")
    assert plain.page.query == "?view=overview", "the bare address would open the default view elsewhere"
    plain.act({"kind": "view", "view": "leaks"})
    plain.act({"kind": "view", "view": "overview"})
    assert plain.page.query == "?view=overview"
    assert Viewer(Source(own), "?view=sources").page.query == "?view=sources"
    other.act({"kind": "delete_view", "name": 'Funnel “in” the \\ US"'})
    assert Viewer(Source(own)).page.query == ""
    told = []
    monkeypatch.setattr(viewer, "tell_saved", lambda text, undo=False: told.append(text))
    for _ in range(2):
        viewer.act({"kind": "save_view", "name": "Mine"})
    viewer.act({"kind": "delete_view", "name": "Mine"})
    assert told[0] == "Saved as “Mine”."
    assert told[1].startswith("Saved as “Mine”, in place of the view saved on 20")
    assert told[2] == "Deleted “Mine” for everybody."


def test_a_view_that_was_deleted_or_replaced_is_brought_back_as_it_was(store, tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    own = store_of(tmp_path / "store", sessions(3, country="US"))
    viewer = Viewer(Source(own), "?view=funnel")
    viewer.act({"kind": "save_view", "name": "Mine"})
    viewer.act({"kind": "default_view", "name": "Mine"})
    before = viewer.saved.read()
    viewer.act({"kind": "restore_view"})
    assert viewer.saved.read() == before
    viewer.act({"kind": "delete_view", "name": "Mine"})
    assert viewer.saved.read().views == ()
    viewer.act({"kind": "restore_view"})
    assert viewer.saved.read() == before
    viewer.act({"kind": "view", "view": "leaks"})
    viewer.act({"kind": "save_view", "name": "Mine"})
    assert viewer.saved.read().views[0].query == "?view=leaks"
    viewer.act({"kind": "restore_view"})
    assert viewer.saved.read() == before
    viewer.act({"kind": "delete_view", "name": "Nobody's"})
    viewer.act({"kind": "restore_view"})
    assert viewer.saved.read() == before


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


def test_a_store_may_have_funnels_of_its_own_and_a_broken_file_leaves_the_built_in_ones(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    own = store_of(tmp_path / "store", sessions(3, country="US", viewed_item=True))
    steps = (("Viewed", "viewed_item"), ("Ordered", "transactions > 0"))
    text = '[[funnel]]\nname = "Product"\n'
    text += "".join(f'[[funnel.step]]\nname = "{name}"\nwhen = "{when}"\n' for name, when in steps)
    (own.path / "funnels.toml").write_text(text, encoding="utf-8")
    viewer = Viewer(Source(own), "?view=funnel&funnel=Product")
    assert [option["name"] for option in bar(viewer)["funnel"]["options"]] == ["Engagement", "Checkout", "Product"]
    assert list(dict.fromkeys(viewer.answer.cards["funnel"].frame["step"])) == ["Viewed", "Ordered"]
    assert viewer.page.query == "?view=funnel&funnel=Product"
    (own.path / "funnels.toml").write_text("[[", encoding="utf-8")
    assert [funnel.name for funnel in Viewer(Source(own)).selection.funnels] == ["Engagement", "Checkout"]
    assert "own funnels cannot be used" in caplog.text


def test_a_card_with_nothing_to_show_downloads_a_file_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.viewer.WORKERS", AtOnce())
    viewer = Viewer(Source(store_of(tmp_path / "store", sessions(4, device_category="mobile"))))
    nothing = Judged("checks", [], "", {}, 0, Filters())
    ending, content = download.csv_bytes("Data checks", [nothing], viewer.stated())
    assert ending == "csv"
    assert content.decode("utf-8-sig").startswith("# Data checks\n")
    ending, content = download.parquet_bytes("Data checks", [nothing], viewer.stated())
    assert (ending, pq.read_table(io.BytesIO(content)).num_rows) == ("parquet", 0)


def test_the_dialect_of_statements_is_there_before_two_threads_ask_for_it():
    code = "import queries.engine, sys; print('sqlglot.dialects.duckdb' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "True"


@pytest.mark.parametrize("failing", ["card", "sentence"])
def test_a_question_on_its_way_ends_quietly_when_the_process_does(store, caplog, failing):
    def ends(*given):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    need = Need("overview", compute=ends)
    card = Card("late", "Late", lambda settings: (need,), lambda results, context: CardState(""))
    finding = Finding((need,), lambda results, context: ("", ""))
    asked = Ask(Filters(), ENGAGEMENT, {}, finding=finding if failing == "sentence" else None)
    with pytest.raises(Cancelled):
        answer(Engine(store), [card] if failing == "card" else [], asked)
    assert not caplog.records
