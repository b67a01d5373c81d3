"""The controls of a notebook: widgets change the selection, the selection changes the widgets, options count."""

import datetime as dt
from pathlib import Path

import panel as pn
import pytest
from builders import sessions, store_of

from dashboard.controls import Controls
from dashboard.periods import Days
from dashboard.selection import Selection
from dashboard.stores import engine_of
from queries.engine import Engine
from queries.filters import Filters
from queries.store import Store, StoreError


def day(number):
    return dt.date(2017, 7, number)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rows = sessions(1300, country="US", device_category="desktop", browser="Edge", session_date=day(2))
    rows += sessions(20, country="GB", device_category="mobile", browser="Edge", session_date=day(4))
    rows += sessions(7, country="GB", device_category="desktop", browser="Lynx", session_date=day(5))
    return store_of(tmp_path_factory.mktemp("controls") / "store", rows)


@pytest.fixture
def selection():
    return Selection()


@pytest.fixture
def controls(selection, store):
    return Controls(selection, store.path, dimensions=("country", "device_category"))


def test_a_widget_changes_the_selection_and_the_selection_the_widget(controls, selection):
    controls.widgets["country"].value = ["GB"]
    assert selection.country == ["GB"]
    selection.param.update(country="US", device_category=("mobile", "desktop"))
    assert controls.widgets["country"].value == ["US"]
    assert controls.widgets["device_category"].value == ["mobile", "desktop"]
    selection.load_query("?country=GB&compare=year&funnel=Checkout")
    assert controls.widgets["country"].value == ["GB"]
    assert (controls.widgets["compare"].value, controls.widgets["funnel_name"].value) == ("year", "Checkout")
    controls.widgets["compare"].value = "off"
    controls.widgets["funnel_name"].value = "Engagement"
    assert selection.to_query() == "?country=GB&compare=off"


def test_options_count_the_sessions_that_pass_all_other_filters_as_the_engine_does(controls, selection, store):
    assert controls.widgets["country"].options == {"United States (1,300)": "US", "United Kingdom (27)": "GB"}
    selection.follow({"dimension": "device_category", "value": "desktop"})
    selection.dates = (day(4), day(5))
    for name in controls.dimensions:
        rows = Engine(store).run("segments", selection.filters.without(name), by=name).rows
        shown = controls.widgets[name].options
        assert {value: int(label.split("(")[-1][:-1]) for label, value in shown.items()} == {
            row["segment"]: row["sessions"] for row in rows
        }
    assert controls.widgets["device_category"].options == {"Mobile (20)": "mobile", "Desktop (7)": "desktop"}


def test_a_chosen_value_without_sessions_stays_and_can_be_taken_off(controls, selection):
    selection.country = ["MT"]
    assert controls.widgets["country"].options["Malta (0)"] == "MT"
    assert controls.widgets["country"].value == ["MT"]


def test_days_go_both_ways_within_those_of_the_store(controls, selection):
    picker = controls.widgets["dates"]
    assert (picker.start, picker.end, picker.value) == (day(2), day(5), None)
    picker.value = (day(4), day(5))
    assert selection.dates == (day(4), day(5))
    selection.dates = ("2017-07-03", None)
    assert picker.value == (day(3), day(5))
    assert selection.dates == (day(3), None), "showing an open end closes none"
    selection.period = "last-2"
    assert picker.value == (day(4), day(5))
    assert selection.period == "last-2"
    picker.value = None
    assert (selection.dates, selection.period) == (None, "last-2"), "a period is given up for days only"
    selection.reset()
    assert picker.value is None


def test_other_days_to_compare_with_have_a_picker_of_their_own(controls, selection):
    assert not controls.widgets["compared_days"].visible
    controls.widgets["compare"].value = "custom"
    assert controls.widgets["compared_days"].visible
    controls.widgets["compared_days"].value = (day(2), day(3))
    assert selection.compared_days == Days(day(2), day(3))
    assert selection.to_query() == "?compare=custom&compare_from=2017-07-02&compare_to=2017-07-03"
    selection.compare = "previous"
    assert not controls.widgets["compared_days"].visible
    assert controls.widgets["compared_days"].value is None


def test_controls_without_a_store_offer_what_is_chosen():
    selection = Selection(country=["US"])
    controls = Controls(selection, dimensions=["country"])
    assert controls.widgets["country"].options == {"United States": "US"}
    selection.country = ["GB"]
    assert controls.widgets["country"].options == {"United Kingdom": "GB"}
    selection.dates = (None, "2017-07-05")
    assert controls.widgets["dates"].value == (day(5), day(5))
    assert selection.dates == (None, day(5))


def test_controls_are_a_viewable_with_a_sensible_choice_of_dimensions(selection, store):
    controls = Controls(selection, store.path)
    assert set(pn.panel(controls).select(pn.widgets.WidgetBase)) == set(controls.widgets.values())
    assert "country" in controls.widgets and "hostname" not in controls.widgets
    assert controls.widgets["country"].label == "Country"
    with pytest.raises(ValueError, match='"contry" is not a dimension'):
        Controls(selection, store.path, dimensions=["contry"])


def test_new_data_are_offered_after_a_refresh(tmp_path, selection):
    own = store_of(tmp_path / "store", sessions(3, country="US", session_date=day(2)))
    controls = Controls(selection, Engine(own), dimensions=["country"])
    store_of(own.path, sessions(5, country="GB", session_date=day(3)))
    controls.refresh()
    assert controls.widgets["country"].options == {"United Kingdom (5)": "GB"}
    assert controls.widgets["dates"].end == day(3)


def test_a_folder_has_one_engine_however_it_is_written(store, monkeypatch, tmp_path):
    engine = engine_of(store.path)
    monkeypatch.chdir(store.path.parent)
    assert engine_of("store") is engine_of(Path("store")) is engine_of(Store("store")) is engine_of(engine) is engine
    with pytest.raises(StoreError, match="holds no sessions: ingest exports first"):
        engine_of(tmp_path)
    with pytest.raises(TypeError, match="3 names no store: give the path"):
        engine_of(3)
    assert engine.run("overview", Filters()).rows[0]["sessions"] == 1327
