"""The state of one viewer: filters out of it, and the URL that restores it."""

import copy
import datetime as dt
import sys
import threading

import hypothesis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.links import LONGEST_VALUE, MOST_VALUES
from dashboard.periods import CUSTOM, MODES, PREVIOUS, Days
from dashboard.selection import Selection
from queries.filters import Filters
from queries.funnel import CHECKOUT, FUNNELS
from queries.vocabulary import DIMENSIONS

VIEWS = ("overview", "funnel", "leaks")
KNOWN = {"map.min_sessions": (("50", "100", "500"), "100"), "funnel.scale": (("Linear", "Log"), "Linear")}

texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
wanted = st.dictionaries(
    st.sampled_from(DIMENSIONS), st.lists(texts, min_size=1, max_size=4, unique=True).map(tuple), max_size=4
)
days = st.lists(st.none() | st.dates(dt.date(1990, 1, 1)), min_size=2, max_size=2)
settings = st.fixed_dictionaries(
    {},
    optional={
        "map.min_sessions": st.sampled_from(["50", "500"]),
        "funnel.scale": st.just("Log"),
        "min_sessions": st.just("30"),
    },
)
compared = st.sampled_from(MODES), st.dates(dt.date(1990, 1, 1)), st.dates(dt.date(1990, 1, 1))


@hypothesis.settings(deadline=None)
@given(
    days,
    wanted,
    wanted,
    st.tuples(st.sampled_from(FUNNELS), st.lists(st.integers(0, 6))),
    st.tuples(*compared),
    settings,
    st.sampled_from(VIEWS),
    st.sampled_from(["", "light", "dark"]),
    st.sampled_from(["", "last-28", "this-month"]),
    st.sampled_from(
        [None, Days(dt.date(2017, 7, 5), dt.date(2017, 7, 5)), Days(dt.date(2017, 7, 3), dt.date(2017, 7, 9))]
    ),
    st.lists(st.tuples(st.dates(dt.date(1990, 1, 1)), st.integers(0, 40)), max_size=4),
)
def test_a_url_restores_the_whole_selection(
    ends, include, exclude, funnel, comparison, chosen, view, theme, period, clicked, left_out
):
    free = {
        name: tuple(value for value in values if value not in include.get(name, ())) for name, values in exclude.items()
    }
    exclude = {name: values for name, values in free.items() if values}
    selection = Selection(KNOWN, VIEWS, include=include, exclude=exclude, settings=chosen, theme=theme)
    selection.choose_dates(*ends)
    selection.choose_period(period)
    for first, length in left_out:
        selection.leave_out(Days(first, dt.date.fromordinal(min(first.toordinal() + length, dt.date.max.toordinal()))))
    selection.toggle_days(clicked)
    selection.choose_funnel(funnel[0].name, funnel[1])
    selection.toggle_step("Converted", exclude=bool(clicked))
    selection.choose_comparison(*comparison)
    selection.choose_view(view)
    restored = Selection(KNOWN, VIEWS)
    restored.load_query(selection.to_query())
    assert state(restored) == state(selection)
    assert restored.filters == selection.filters


def state(selection):
    return {name: value for name, value in selection.param.values().items() if name != "name"}


few = st.sampled_from([("US",), ["US", "GB"], "US", (), None])
some_days = st.sampled_from([
    None, (None, None), ("2017-07-09", "2017-07-02"), (dt.date(2017, 7, 2), None), (None, dt.datetime(2017, 7, 9, 12))
])  # fmt: skip
changes = st.fixed_dictionaries(
    {},
    optional={
        **{name: few for name in DIMENSIONS},
        "exclude": st.dictionaries(st.sampled_from(DIMENSIONS), few.filter(bool), max_size=3),
        "dates": some_days,
        "period": st.sampled_from(["", "last-7", "last-month"]),
        "focus": st.sampled_from([None, ("2017-07-05", "2017-07-04")]),
        "compare": st.sampled_from([mode for mode in MODES if mode != CUSTOM]),
        "compared_days": st.sampled_from([None, ("2016-07-04", "2016-07-05")]),
        "funnel_name": st.sampled_from([funnel.name for funnel in FUNNELS]),
        "steps": st.lists(st.integers(1, 9), max_size=5),
        "step": st.sampled_from(["", "Converted", "Viewed item", "Nothing"]),
        "missed_step": st.booleans(),
        "left_out": st.sampled_from(
            [(), [("2017-07-05", "2017-07-04"), Days(dt.date(2017, 7, 6), dt.date(2017, 7, 9))]]
        ),
        "settings": settings,
        "theme": st.sampled_from(["", "dark"]),
        "view": st.sampled_from(["", *VIEWS[1:]]),
    },
)


@hypothesis.settings(deadline=None)
@given(st.lists(changes, max_size=4))
def test_a_url_restores_a_selection_whatever_params_were_set_in_whatever_order(updates):
    selection = Selection(KNOWN, VIEWS)
    for update in updates:
        selection.param.update(**update)
    restored = Selection(KNOWN, VIEWS)
    restored.load_query(selection.to_query())
    assert state(restored) == state(selection)
    assert restored.filters == selection.filters
    assert restored.unread == []
    earlier = Selection(KNOWN, VIEWS, country="MT", dates=("2016-01-01", None), funnel_name="Checkout", steps=(1, 2))
    earlier.load_query(selection.to_query())
    assert state(earlier) == state(selection), "Back leads to it from any other selection"


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("?from=2017-07-05&country=US", {"country": ["US"], "dates": ("2017-07-05", None)}),
        ("?days=last-28&not.source=a&not.source=b", {"period": "last-28", "exclude": {"source": ("a", "b")}}),
        ("?on=2017-07-03_2017-07-04&not.on=2017-07-05_2017-07-05",
         {"focus": ("2017-07-03", "2017-07-04"), "left_out": [("2017-07-05", "2017-07-05")]}),
        ("?compare=custom&compare_from=2017-07-02&compare_to=2017-07-04",
         {"compared_days": ("2017-07-02", "2017-07-04")}),
        ("?compare=off&funnel=Checkout&steps=1-2-5&not.step=Viewed+item",
         {"compare": "off", "funnel_name": "Checkout", "steps": [5, 2, 1], "step": "Viewed item", "missed_step": True}),
        ("?view=leaks&map.min_sessions=50&theme=dark",
         {"view": "leaks", "settings": {"map.min_sessions": "50"}, "theme": "dark"}),
    ],
)  # fmt: skip
def test_links_say_what_they_always_said(query, given):
    selection = Selection(KNOWN, VIEWS)
    selection.param.update(**given)
    assert selection.to_query() == query
    restored = Selection(KNOWN, VIEWS)
    restored.load_query(query)
    assert state(restored) == state(selection)


def test_each_dimension_is_a_param_that_takes_a_list_a_tuple_or_one_text():
    assert set(DIMENSIONS) <= set(Selection.param)
    for values in (["US", "GB", "US"], ("US", "GB")):
        assert Selection(country=values).country == ["US", "GB"]
    selection = Selection(device_category="mobile", include={"browser": ("Edge",)})
    assert selection.include == {"device_category": ("mobile",), "browser": ("Edge",)}
    assert selection.filters == Filters.of(include={"device_category": ["mobile"], "browser": ["Edge"]})
    selection.device_category = None
    assert selection.filters.values("device_category") == ()
    with pytest.raises(AttributeError):
        selection.include = {}


@pytest.mark.parametrize(
    "given",
    [
        ("2026-09-01", "2026-10-31"),
        ["2026-10-31", "2026-09-01"],
        (dt.datetime(2026, 9, 1, 23), dt.date(2026, 10, 31)),
        (pd.Timestamp("2026-09-01"), "2026-10-31T10:00:00"),
        Days(dt.date(2026, 9, 1), dt.date(2026, 10, 31)),
    ],
)
def test_dates_are_given_as_days_moments_or_text_in_any_order(given):
    assert Selection(dates=given).dates == (dt.date(2026, 9, 1), dt.date(2026, 10, 31))


def test_open_ends_are_none_and_two_of_them_are_all_days():
    assert Selection(dates=("2026-09-01", None)).shown_dates == (dt.date(2026, 9, 1), None)
    assert Selection(dates=(None, None)).dates is None


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"contry": ["US"]}, TypeError, 'no "contry": did you mean country'),
        ({"xyz": 1}, TypeError, "it has browser, campaign"),
        ({"country": [1]}, ValueError, "country has 1 among its values: give texts"),
        ({"country": [""]}, ValueError, "country has '' among its values"),
        ({"country": {"US": 1}}, ValueError, r"country = \{'US': 1\} are no values: give a list"),
        ({"dates": "September"}, ValueError, "dates = 'September' are no days: give a first and a last day, such as"),
        ({"dates": ("2026-13-01", None)}, ValueError, "2026-13-01"),
        ({"dates": (1, 2)}, ValueError, "are no days"),
        ({"focus": ("2026-01-01", None)}, ValueError, "focus .* open end"),
        ({"period": "yesterday"}, ValueError, "period = 'yesterday' names no days: use last-28"),
        ({"period": "last-7", "dates": ("2026-01-01", None)}, ValueError, "give one of them"),
        ({"exclude": {"contry": ["US"]}}, ValueError, '"contry" is not a dimension'),
        ({"exclude": ["US"]}, ValueError, "is no mapping"),
        ({"include": {"revenue": ["1"]}}, ValueError, '"revenue" is not a dimension'),
        ({"compare": "never"}, ValueError, "never"),
        ({"funnel_name": "Nothing"}, ValueError, "Nothing.*Engagement"),
        ({"step": "Viewed item"}, ValueError, "no step of the funnel Engagement .its steps: Browsed"),
        ({"steps": ["1"]}, ValueError, "whole numbers"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name_and_the_remedy(given, error, words):
    with pytest.raises(error, match=words):
        Selection(**given)


def test_other_days_end_the_period_and_the_clicked_days_unless_they_are_given_too():
    selection = Selection(period="last-7", focus=("2017-07-05", "2017-07-05"))
    selection.dates = ("2017-07-02", "2017-07-04")
    assert (selection.period, selection.focus) == ("", None)
    selection.param.update(dates=("2017-07-02", "2017-07-06"), focus=("2017-07-05", "2017-07-05"))
    assert selection.focus is not None
    selection.period = "last-7"
    assert (selection.dates, selection.focus) == (None, None)


def test_a_wanted_value_is_no_longer_unwanted_and_another_funnel_has_all_its_steps():
    selection = Selection(exclude={"country": ["US", "GB"]}, steps=[1, 4], step="Engaged", missed_step=True)
    selection.country = ["US"]
    assert selection.exclude == {"country": ("GB",)}
    selection.funnel_name = "Checkout"
    assert (selection.steps, selection.step, selection.missed_step) == ((), "", False)
    selection.compared_days = ("2017-07-02", "2017-07-03")
    assert selection.compare == CUSTOM
    selection.compare = PREVIOUS
    assert selection.compared_days is None


def test_what_a_listener_sets_is_a_choice_that_ends_others_too():
    selection = Selection(steps=[1, 4])
    selection.param.watch(lambda _: selection.param.update(funnel_name="Checkout"), "dates")
    selection.choose_dates(dt.date(2017, 7, 2), None)
    assert (selection.funnel_name, selection.steps) == ("Checkout", ())


def test_a_listener_hears_of_an_action_once():
    selection, heard = Selection(KNOWN, VIEWS), []
    selection.param.watch(lambda *events: heard.append({event.name for event in events}), [*DIMENSIONS, "view"])
    selection.follow({"where": {"country": "US", "browser": "Edge", "revenue": "1"}, "view": "leaks"})
    assert heard == [{"country", "browser", "view"}]


def test_an_action_of_a_chart_filters_and_again_takes_it_back():
    selection = Selection(KNOWN, VIEWS)
    selection.follow({"dimension": "country", "value": "US"})
    selection.follow({"dimension": "country", "value": "GB"}, additive=True)
    selection.follow({"dimension": "source", "value": "bing"}, exclude=True)
    assert selection.to_query() == "?country=US&country=GB&not.source=bing"
    selection.follow({"dimension": "source", "value": "bing", "exclude": True})
    selection.follow({"dimension": "country", "value": "GB", "additive": True})
    selection.follow({"dimension": "country", "value": "US"})
    selection.follow({"first": "2017-07-05", "last": "2017-07-04", "step": "Engaged"})
    assert selection.to_query() == "?on=2017-07-04_2017-07-05&step=Engaged"
    selection.follow({"first": "2017-07-04", "last": "2017-07-04"}, exclude=True)
    selection.follow({"card": "map", "name": "min_sessions", "option": "50", "view": "funnel"})
    assert "not.on=2017-07-04_2017-07-04" in selection.to_query()
    assert "view=funnel" in selection.to_query() and "map.min_sessions=50" in selection.to_query()


@pytest.mark.parametrize(
    "action",
    [
        {"dimension": "revenue", "value": "1"},
        {"dimension": "country"},
        {"dimension": "country", "value": 3},
        {"dimension": ["country"], "value": "US"},
        {"dimension": "country", "value": "\ud800"},
        {"dimension": "country", "value": "x" * (LONGEST_VALUE + 1)},
        {"where": ["country"]},
        {"where": {"country": ["US"], 3: "US"}},
        {"first": "soon", "last": "2017-07-05"},
        {"first": "2017-07-05"},
        {"step": "Nothing", "view": "nothing", "card": "map", "name": "colour", "option": "red"},
        {"view": 3, "step": None, "option": True},
    ],
)
def test_an_action_that_cannot_be_understood_does_nothing(action):
    selection = Selection(KNOWN, VIEWS)
    selection.follow(action)
    assert selection.to_query() == ""


def test_a_selection_of_a_notebook_learns_what_a_page_and_a_store_have():
    own = Selection(country=["US"], funnel_name="Checkout")
    own.adopt(KNOWN, VIEWS, [CHECKOUT])
    own.choose_view("leaks")
    assert own.to_query() == "?view=leaks&country=US"
    own.adopt(KNOWN, VIEWS, FUNNELS)
    assert own.to_query() == "?view=leaks&country=US&funnel=Checkout"


def test_two_threads_may_change_a_selection_and_its_listeners_go_on_hearing():
    selection, heard = Selection(), []
    selection.param.watch(lambda *events: heard.append(1), ["country", "source"])
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=_changes, args=(selection, name)) for name in ("country", "source")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(heard) == 400
    selection.country = ["US"]
    assert len(heard) == 401
    assert state(copy.deepcopy(selection)) == state(selection)


def _changes(selection, name):
    for number in range(200):
        selection.param.update({name: [str(number)], "theme": ("light", "dark")[number % 2]})


@hypothesis.settings(deadline=None)
@given(
    st.text()
    | texts.map(
        lambda text: (
            f"?country={text}&from={text}&not.source={text}&map.min_sessions={text}&view={text}&steps={text}&not.on={text}"
        )
    )
)
def test_any_text_at_all_is_survived_as_a_url(query):
    selection = Selection(KNOWN)
    selection.load_query(query)
    assert isinstance(selection.filters, Filters)
    assert set(selection.include) | set(selection.exclude) <= set(DIMENSIONS)


@pytest.mark.parametrize(
    "query",
    [
        "?from=yesterday",
        "?from=2017-02-30",
        "?days=yesterday",
        "?days=last-0",
        "?on=2017-07-05_2017-07-02",
        "?on=July",
        "?step=Nothing",
        "?not.step=Nothing",
        "?session_id=4",
        "?not.revenue=3",
        "?funnel=Nonsense",
        "?map.min_sessions=7",
        "?map.nothing=1",
        "?theme=purple",
        "?view=nothing",
        "?steps=1",
        "?steps=x-y",
        "?compare=never",
        "?compare=custom",
        "?compare=custom&compare_from=2017-07-02",
        "?country=",
        "?country=" + "x" * (LONGEST_VALUE + 1),
    ],
)
def test_what_does_not_exist_is_left_out_of_the_selection(query):
    selection = Selection(KNOWN)
    selection.load_query(query)
    assert selection.to_query() == ""
    assert bool(selection.unread) == (query != "?country=")


def test_what_a_link_cannot_say_is_named_and_cut_to_a_glance():
    selection = Selection(KNOWN, VIEWS)
    selection.load_query("?country=" + "x" * (LONGEST_VALUE + 1))
    assert selection.unread == [f"country = {'x' * 60}… is too long"]
    selection.load_query("?days=last-28&country=US&theme=dark&map.min_sessions=50")
    assert selection.unread == []


def test_a_link_that_wants_and_does_not_want_a_value_says_so_and_wants_it():
    selection = Selection(KNOWN)
    selection.load_query("?browser=Edge&browser=Opera&not.browser=Edge&not.country=US&not.source=Edge")
    assert selection.include == {"browser": ("Edge", "Opera")}
    assert selection.exclude == {"country": ("US",), "source": ("Edge",)}
    assert selection.unread == ["not.browser = Edge contradicts browser = Edge"]


def test_days_to_leave_out_that_are_none_are_named():
    selection = Selection(KNOWN)
    selection.load_query("?not.on=2017-07-05&not.on=soon&not.on=2017-07-09_2017-07-07")
    assert selection.left_out == ((dt.date(2017, 7, 5), dt.date(2017, 7, 5)),)
    assert selection.unread == ["not.on = soon names no days", "not.on = 2017-07-09_2017-07-07 names no days"]


def test_a_url_cannot_ask_for_endless_values():
    selection = Selection(KNOWN)
    selection.load_query("?" + "&".join(f"source=s{number}" for number in range(MOST_VALUES + 50)))
    assert len(selection.include["source"]) == MOST_VALUES


def test_values_are_text_and_nothing_else():
    selection = Selection()
    selection.load_query("?source=%27%20or%201%3D1%20--&source=%3Cscript%3E")
    assert selection.filters.values("source") == ("' or 1=1 --", "<script>")


def test_a_click_filters_a_second_click_undoes_and_shift_adds():
    selection = Selection()
    selection.toggle("country", "US")
    assert selection.include == {"country": ("US",)}
    selection.toggle("country", "CA")
    assert selection.include == {"country": ("CA",)}
    selection.toggle("country", "US", additive=True)
    assert selection.include == {"country": ("CA", "US")}
    selection.toggle("country", "CA", additive=True)
    selection.toggle("country", "US")
    assert selection.include == {}


def test_a_value_is_never_wanted_and_unwanted_at_once():
    selection = Selection()
    selection.toggle("source", "google")
    selection.toggle("source", "google", exclude=True)
    assert (selection.include, selection.exclude) == ({}, {"source": ("google",)})
    selection.toggle("source", "google", additive=True)
    assert (selection.include, selection.exclude) == ({"source": ("google",)}, {})


def test_a_click_on_what_is_no_dimension_does_nothing():
    selection = Selection()
    selection.toggle("session_id", "4")
    assert selection.filters.is_empty


def test_dates_in_the_wrong_order_are_swapped():
    selection = Selection()
    selection.choose_dates(dt.date(2017, 7, 7), dt.date(2017, 7, 2))
    assert selection.dates == (dt.date(2017, 7, 2), dt.date(2017, 7, 7))
    selection.load_query("?from=2017-07-07&to=2017-07-05")
    assert selection.filters.date_from == dt.date(2017, 7, 5)


def test_a_relative_period_has_no_dates_until_the_store_is_known_and_dates_replace_it():
    selection = Selection()
    selection.load_query("?days=last-3&from=2017-07-02")
    assert selection.filters.is_empty
    selection.span = Days(dt.date(2017, 7, 1), dt.date(2017, 7, 9))
    assert selection.shown_dates == (dt.date(2017, 7, 7), dt.date(2017, 7, 9))
    assert selection.filters.date_from == dt.date(2017, 7, 7)
    selection.choose_dates(dt.date(2017, 7, 2), None)
    assert (selection.period, selection.shown_dates) == ("", (dt.date(2017, 7, 2), None))
    selection.choose_period("last-3")
    selection.reset()
    assert selection.to_query() == ""


def test_reset_takes_off_the_filters_and_leaves_the_looks():
    selection = Selection(KNOWN, theme="dark")
    selection.toggle("country", "US")
    selection.choose_setting("map", "min_sessions", "500")
    selection.reset()
    assert selection.filters.is_empty
    assert selection.to_query() == "?map.min_sessions=500&theme=dark"


def test_a_setting_is_one_of_its_options_and_the_default_is_not_kept():
    selection = Selection(KNOWN)
    assert selection.setting("map", "min_sessions") == "100"
    selection.choose_setting("map", "min_sessions", "50")
    selection.choose_setting("map", "min_sessions", "7")
    selection.choose_setting("map", "colour", "red")
    assert selection.settings == {"map.min_sessions": "50"}
    selection.choose_setting("map", "min_sessions", "100")
    assert selection.settings == {}


def test_a_choice_for_all_cards_replaces_their_own_and_each_may_differ_again():
    selection = Selection(KNOWN)
    selection.choose_setting("map", "min_sessions", "500")
    selection.choose_setting("", "min_sessions", "50")
    assert selection.settings == {"min_sessions": "50"}
    assert selection.setting("map", "min_sessions") == "50"
    selection.choose_setting("map", "min_sessions", "100")
    assert selection.setting("map", "min_sessions") == "100"


def test_steps_of_a_funnel_stay_in_order_and_at_least_two():
    selection = Selection()
    selection.choose_funnel("Engagement", [4, 1, 4])
    assert [step.name for step in selection.funnel.steps] == ["Browsed", "Converted"]
    selection.choose_funnel("Engagement", [2])
    assert selection.funnel == selection.whole_funnel
    selection.choose_funnel("Nothing", [1, 2])
    assert selection.funnel_name == "Engagement"


def test_a_step_filters_to_those_who_reached_it_and_again_to_all():
    selection = Selection()
    selection.toggle_step("Engaged")
    assert [step.name for step in selection.filters.reached] == ["Engaged", "Deep engagement", "Converted"]
    assert selection.to_query() == "?step=Engaged"
    selection.choose_funnel("Engagement", [1, 2, 4])
    assert [step.name for step in selection.filters.reached] == ["Engaged", "Converted"]
    selection.choose_funnel("Engagement", [1, 3, 4])
    assert selection.filters.is_empty
    selection.toggle_step("Engaged", exclude=True)
    assert (selection.step, selection.missed_step) == ("Engaged", True)
    selection.toggle_step("Engaged", exclude=True)
    assert (selection.step, selection.missed_step) == ("", False)
    selection.toggle_step("Converted")
    selection.choose_funnel("Checkout")
    assert selection.step == ""
    selection.toggle_step("Nothing")
    assert selection.step == ""


def test_turning_a_filter_round_excludes_what_was_wanted():
    selection = Selection(include={"country": ("US",)})
    selection.switch("country")
    assert (selection.include, selection.exclude) == ({}, {"country": ("US",)})


def test_custom_days_in_the_wrong_order_are_swapped():
    selection = Selection()
    selection.choose_comparison("custom", dt.date(2017, 7, 4), dt.date(2017, 7, 2))
    assert selection.compared_days == Days(dt.date(2017, 7, 2), dt.date(2017, 7, 4))
    selection.choose_comparison("custom", dt.date(2017, 7, 4), None)
    assert selection.compared_days == Days(dt.date(2017, 7, 2), dt.date(2017, 7, 4))


def test_a_funnel_is_named_in_a_link_as_on_the_command_line():
    selection = Selection({}, ["overview"])
    selection.load_query("?funnel=checkout")
    assert selection.funnel_name == "Checkout"
    assert selection.unread == []
    selection.load_query("?funnel=nonsense")
    assert selection.funnel_name == "Engagement"
    assert selection.unread
