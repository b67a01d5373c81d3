"""Filters: what they hold, refuse and print."""

import datetime as dt
from dataclasses import replace

import pytest

from queries.filters import FilterError, Filters
from queries.funnel import ENGAGEMENT

JULY = [dt.date(2017, 7, 1) + dt.timedelta(days=number - 1) for number in range(10)]


def test_filters_are_equal_whatever_the_order_of_values():
    first = Filters.of(include={"country": ["US", "FR"], "browser": ["Safari"]})
    second = Filters.of(include={"browser": ["Safari"], "country": ["FR", "US", "US"]})
    assert first == second
    assert hash(first) == hash(second)


def test_a_chart_leaves_out_the_filter_on_what_it_shows():
    filters = Filters.of(include={"country": ["US"], "browser": ["Safari"]}, exclude={"country": ["FR"]})
    assert filters.without("country") == Filters.of(include={"browser": ["Safari"]})


def test_an_empty_list_of_values_is_no_filter():
    assert Filters.of(include={"country": []}).is_empty


def test_unknown_dimensions_are_refused_with_the_choices():
    with pytest.raises(FilterError, match='"revenue" is not a dimension; choose one of: device_category'):
        Filters.of(include={"revenue": ["1"]})


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(FilterError, match="ends on 2017-07-01, before it starts on 2017-07-02"):
        Filters.of(dt.date(2017, 7, 2), dt.date(2017, 7, 1))


def test_filters_print_as_plain_json():
    filters = Filters.of(dt.date(2017, 7, 2), None, {"country": ["US"]}, {"browser": ["Safari"]})
    assert filters.as_json() == {
        "from": "2017-07-02",
        "to": None,
        "where": {"country": ["US"]},
        "where_not": {"browser": ["Safari"]},
    }


def test_days_left_out_are_one_filter_however_they_are_said_and_stay_within_the_days_asked_for():
    filters = Filters.of(left_out=[(JULY[7], JULY[6]), (JULY[2], JULY[2]), (JULY[5], JULY[5])])
    assert filters.left_out == ((JULY[2], JULY[2]), (JULY[5], JULY[7]))
    assert not filters.is_empty
    assert filters.as_json()["left_out"] == [["2017-07-02", "2017-07-02"], ["2017-07-05", "2017-07-07"]]
    assert [number for number, day in enumerate(JULY) if filters.leaves_out(day)] == [2, 5, 6, 7]
    assert filters.on_days(JULY[3], JULY[6]).left_out == ((JULY[5], JULY[7]),)
    assert filters.on_days(JULY[3], JULY[4]) == Filters.of(JULY[3], JULY[4])
    asked = filters.on_days(JULY[4], JULY[8])
    assert [number for number, day in enumerate(JULY) if asked.asks_for(day)] == [4, 8]


def test_a_step_is_a_filter_that_prints_its_name_and_a_chart_of_steps_leaves_out():
    filters = Filters.of(include={"country": ["US"]})
    engaged = replace(filters, reached=ENGAGEMENT.steps[1:])
    assert not engaged.is_empty
    assert engaged.as_json()["reached"] == "Engaged"
    assert replace(filters, missed=ENGAGEMENT.steps[2:]).as_json()["not_reached"] == "Deep engagement"
    assert engaged.without_steps() == filters
