"""The state of one viewer: filters out of it, and the URL that restores it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.links import LONGEST_VALUE, MOST_VALUES
from dashboard.periods import MODES, Days
from dashboard.selection import Selection
from queries.filters import Filters
from queries.funnel import FUNNELS
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
    assert restored.param.values() | {"name": ""} == selection.param.values() | {"name": ""}
    assert restored.filters == selection.filters


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
    assert (selection.date_from, selection.date_to) == (dt.date(2017, 7, 2), dt.date(2017, 7, 7))
    selection.load_query("?from=2017-07-07&to=2017-07-05")
    assert selection.filters.date_from == dt.date(2017, 7, 5)


def test_a_relative_period_has_no_dates_until_the_store_is_known_and_dates_replace_it():
    selection = Selection()
    selection.load_query("?days=last-3&from=2017-07-02")
    assert selection.filters.is_empty
    selection.span = Days(dt.date(2017, 7, 1), dt.date(2017, 7, 9))
    assert selection.dates == (dt.date(2017, 7, 7), dt.date(2017, 7, 9))
    assert selection.filters.date_from == dt.date(2017, 7, 7)
    selection.choose_dates(dt.date(2017, 7, 2), None)
    assert (selection.period, selection.dates) == ("", (dt.date(2017, 7, 2), None))
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
