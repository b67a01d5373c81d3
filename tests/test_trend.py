"""The trend over days, weeks and months, alone and against a compared period, on rows counted by hand."""

import datetime as dt
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from builders import sessions, store_of
from charts_builders import context, counted, day, result

from dashboard.annotations import annotations
from dashboard.charts.trend import Trend
from dashboard.charts.trend_periods import (
    DAY,
    MONTHLY,
    UNITS,
    WEEKLY,
    Period,
    moment,
    periods_of,
    places_of,
    stand_beside,
)
from dashboard.charts.trend_words import against, heading, since_when, sums_compared, within
from dashboard.live import Drawn
from dashboard.periods import Days
from dashboard.theme import DARK, LIGHT
from queries.engine import Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT

ORIGINAL = {2: (1895, 8), 4: (1938, 7), 5: (2885, 41), 6: (832, 0), 7: (2450, 38)}
"""Sessions and converted sessions of the original's days of July 2017; no export holds the 3rd."""


def rows(*numbers):
    return [counted(*ORIGINAL[number], session_date=day(number)) for number in numbers]


def plain(text):
    return text.replace("\u202f", " ")


def shown(results, chosen):
    """Return what the trend says of results, and the layers and axes of its picture."""
    chart = Trend(context=chosen)
    state = chart.state([*results, *[result([])] * (3 - len(results))])
    [panel] = chart.panels(state.frame)
    layers = {name: {column: list(values) for column, values in held.items()} for name, held in panel.layers.items()}
    return SimpleNamespace(heading=state.heading, note=state.note, table=state.table, layers=layers, panel=panel)


def at(date):
    return np.datetime64(date, "ms")


def compared(unit="Day"):
    filters = Filters.of(day(5), day(7))
    base = context(filters, missing=(1,), unit=unit)
    chosen = type(base)(*(getattr(base, name) for name in base.__slots__[:6]), Filters.of(day(2), day(4)))
    return shown([result(rows(5, 6, 7)), result(rows(2, 4)), result([])], chosen)


def test_a_left_out_day_keeps_its_place_hatched_and_the_note_names_it():
    without = context(Filters.of(left_out=[(day(5), day(5))]), missing=(1,), unit="Day")
    state = shown([result(rows(2, 4, 6, 7)), result([]), result([])], without)
    assert len(state.layers["gaps"]["left"]) == 2
    assert state.layers["gap words"]["label"] == ["no\nexport", "left\nout"]
    titles = state.layers["targets"]["title"]
    assert [title for title in titles if "%" not in title] == ["Mon 3 Jul: no export", "Wed 5 Jul: left out"]
    assert "No export holds 3 Jul of 6 days: hatched. Left out: 5 Jul 2017, hatched too." in state.note
    assert [row[1] for row in state.table.rows][:4] == ["1,895", "no export", "1,938", "left out"]
    assert [act is None for act in state.table.actions] == [False, True, False, True, False, False]


def test_days_that_stand_out_of_a_period_without_a_clear_change_say_so():
    def of(number, sessions, conversions):
        return Period("Day", day(number), day(number), 1, sessions, conversions, 0.0, Days(day(number), day(number)))

    before = [of(1, 300, 3), of(2, 300, 6)]
    said = plain(against([of(3, 300, 3), of(4, 300, 8)], before))
    assert said == "No clear change overall, though 1 of 2 days of 3–4 Jul 2017 beats every compared day"
    said = plain(against([of(3, 300, 30), of(4, 300, 40)], before))
    assert said == "Both days of 3–4 Jul 2017 beat every compared day"


def test_a_period_that_touches_the_shown_one_stands_before_it_in_grey():
    state = compared()
    assert plain(state.heading) == (
        "2 of 3 days of 5–7 Jul 2017 beat every compared day; 6 Jul has no order in 832 sessions"
    )
    assert state.layers["dots before"]["day"] == [at(day(2)), at(day(4))]
    assert state.layers["sessions"]["color"] == [LIGHT.bars] * 2 + [LIGHT.sequential[2]] * 3
    assert state.layers["gaps"]["left"] == [at(day(3)) - np.timedelta64(12, "h")]
    assert state.layers["heads"]["label"] == ["Compared: 2–4 Jul", "Shown: 5–7 Jul"]
    assert plain(state.layers["mean words"]["label"][0]) == "mean 0.39 %"
    assert "Grey: 2–4 Jul 2017." in state.note
    assert [row[-1] for row in state.table.rows] == ["compared"] * 3 + ["shown"] * 3


def test_the_mean_is_said_in_the_note_where_a_line_and_its_band_leave_no_place():
    few, some, many = ([counted(100, 2, session_date=day(number)) for number in range(1, last)] for last in (5, 9, 21))
    said = shown([result(many)], context(days=20))
    assert said.layers["mean words"]["label"] == []
    assert "Level, dashed: the mean, 2.00 %." in plain(said.note)
    between = shown([result(some)], context(days=8))
    assert between.layers["mean words"]["label"] == [], "it would lie on the whiskers of eight days alike"
    assert "Level, dashed: the mean, 2.00 %." in plain(between.note)
    drawn = shown([result(few)], context(days=4))
    assert plain(drawn.layers["mean words"]["label"][0]) == "mean 2.00 %"
    assert "the mean" not in drawn.note


def test_a_longer_period_is_laid_under_the_same_weekdays():
    days = [day(1) + dt.timedelta(days=number) for number in range(40)]
    before = [date - dt.timedelta(days=40) for date in days]
    shown, earlier = (
        periods_of([counted(100, 2, session_date=date) for date in part], part, set(), "Day") for part in (days, before)
    )
    assert not stand_beside(earlier, shown)
    places = places_of(earlier, shown)
    assert places[0] == moment(before[0]) + 42 * DAY
    assert all((place - period.x) % (7 * DAY) == 0 for place, period in zip(places, earlier, strict=True))


def test_weeks_begin_on_monday_and_say_when_they_lack_days():
    days = [day(number) for number in range(2, 20)]
    held = [counted(10, 1, session_date=date) for date in days if date != day(12)]
    weeks = periods_of(held, days, {day(12)}, WEEKLY)
    assert [(week.first, week.held, week.is_complete) for week in weeks] == [
        (dt.date(2017, 6, 26), 1, False),
        (day(3), 7, True),
        (day(10), 6, False),
        (day(17), 3, False),
    ]
    assert [week.sessions for week in weeks] == [10, 70, 60, 30]
    chosen = context(days=18, missing=(10,), unit=WEEKLY)
    state = shown([result(held)], chosen)
    assert state.layers["sessions"]["hatch"] == ["/", " ", "/", "/"]
    assert state.layers["days"]["color"] == [LIGHT.surface, LIGHT.accent, LIGHT.surface, LIGHT.surface]
    assert "3 of 4 weeks lack days" in state.note
    assert plain(state.heading) == "The week of 3 Jul: 10.0 % converted (7 of 70)"


def test_months_are_whole_and_named():
    days = [dt.date(2017, 6, 1) + dt.timedelta(days=number) for number in range(61)]
    months = periods_of([counted(10, 1, session_date=date) for date in days], days, set(), MONTHLY)
    assert [(month.name, month.sessions, month.is_complete) for month in months] == [
        ("Jun 2017", 300, True),
        ("Jul 2017", 310, True),
    ]


def test_periods_of_any_unit_add_up_to_the_days():
    held = rows(2, 4, 5, 6, 7)
    for unit in UNITS:
        found = periods_of(held, [day(number) for number in range(2, 8)], {day(3)}, unit)
        assert sum(period.sessions for period in found) == 10_000
        assert sum(period.conversions for period in found) == 94
        assert sum(period.held for period in found) == 5


def test_two_sums_differ_only_by_more_than_chance():
    shown, before = (
        periods_of([counted(*both, session_date=day(number))], [day(number)], set(), "Day")
        for number, both in ((5, (6167, 79)), (2, (3833, 15)))
    )
    assert plain(sums_compared(shown, before)) == "Conversion rose from 0.39 % to 1.28 %: +0.89 pp, larger than chance"
    assert sums_compared(shown, shown).startswith("No clear change")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("noted") / "store", sessions(3))


def test_annotations_come_from_a_file_and_odd_lines_are_named(store, caplog):
    engine = Engine(store)
    assert annotations(engine, Filters(), ENGAGEMENT).rows == []
    text = "date,text\n2017-07-04,US  holiday\nsoon,sale\n2017-07-01,release\n2017-07-05,\n"
    (store.path / "annotations.csv").write_text(text, encoding="utf-8")
    found = annotations(engine, Filters(), ENGAGEMENT).rows
    assert [(row["session_date"].day, row["text"]) for row in found] == [(1, "release"), (4, "US holiday")]
    assert 'line 3: "soon" is no date' in caplog.text


def test_annotations_stand_in_the_figure_while_they_are_few_and_are_listed_when_many():
    few = shown([result(rows(5, 6, 7)), result([]), result([{"session_date": day(5), "text": "Sale"}])],
                       context(Filters.of(day(5), day(7))))  # fmt: skip
    assert few.layers["note words"]["label"] == ["Sale"]
    many = [{"session_date": day(5), "text": f"note {number}"} for number in range(9)]
    state = shown([result(rows(5, 6, 7)), result([]), result(many)], context(Filters.of(day(5), day(7))))
    assert state.layers["note words"]["label"] == [
        "note 0; note 1; note 2; note 3; note 4; note 5; note 6; note 7; note 8"
    ]


def days_of(*parts, first=dt.date(2026, 5, 1)):
    """Return rows of days: (number of days, sessions a day, converted a day) one after another."""
    counts = [(sessions, converted) for number, sessions, converted in parts for _ in range(number)]
    return [counted(*each, session_date=first + dt.timedelta(place)) for place, each in enumerate(counts)]


@pytest.mark.parametrize("unit", ["Day", "Week", "Month"])
def test_many_days_say_since_when_whatever_they_are_drawn_as(unit):
    rows = days_of((40, 200, 8), (30, 200, 3))
    ends = Filters.of(rows[0]["session_date"], rows[-1]["session_date"])
    chosen = replace(context(ends, unit=unit), store_days=None)
    said = plain(shown([result(rows)], chosen).heading)
    assert said.startswith("Conversion fell on 10 Jun: 4.00 % before, 1.50 % since, larger than chance")
    level = shown([result(rows)], chosen).layers["mean"]
    assert level["rate"] == pytest.approx([0.04, 0.04, 0.015, 0.015])
    assert level["day"][1] == level["day"][2] == at(dt.date(2026, 6, 10)) - np.timedelta64(12, "h")
    assert "Level, dashed: 4.00 % until 9 Jun, 1.50 % since." in plain(shown([result(rows)], chosen).note)
    calm = plain(shown([result(days_of((70, 200, 6)))], chosen).heading)
    assert calm == "No clear change within 1 May – 9 Jul 2026: 3.00 % converted"


def test_a_day_that_is_not_sure_has_the_days_that_it_may_have_been():
    rows = days_of((12, 200, 8), (3, 200, 6), (15, 200, 4))
    assert re.fullmatch(
        r"Conversion fell about \d+ May \(between \d+ May and \d+ May\): .* larger than chance", plain(since_when(rows))
    )


def test_a_difference_of_two_periods_that_touch_says_when_it_began():
    rows = days_of((40, 200, 8), (30, 200, 3))
    first, second = rows[:35], rows[35:]
    chosen = context(Filters.of(second[0]["session_date"], second[-1]["session_date"]))
    chosen = replace(chosen, store_days=None, compared=Filters.of(first[0]["session_date"], first[-1]["session_date"]))
    said = plain(shown([result(second), result(first), result([])], chosen).heading)
    assert said == "Conversion fell from 4.00 % to 1.86 %: −2.14 pp, larger than chance; conversion fell on 10 Jun"


def test_few_days_are_named_in_the_order_of_time():
    said = plain(heading(days_of((1, 1000, 60), (1, 1000, 20))))
    assert said == "From 6.00 % on 1 May to 2.00 % on 2 May: larger than chance"


def few_sessions(*counts):
    held = [counted(*of, session_date=day(number)) for number, of in enumerate(counts, start=2)]
    days = Filters.of(day(2), day(len(counts) + 1))
    return shown([result(held), result([]), result([])], context(days, unit="Day"))


def test_a_scale_holds_every_whisker_where_all_days_are_small():
    state = few_sessions((5, 0), (8, 1))
    assert state.panel.y.ticks[-1] == 0.5
    assert max(whisker_ends(state)) < 0.5
    assert state.layers["arrows"]["day"] == []


def test_a_whisker_that_leaves_the_scale_ends_in_an_arrow_and_the_note_says_so():
    state = few_sessions((2000, 20), (3, 0))
    top = state.panel.y.ticks[-1]
    assert whisker_ends(state)[1] == pytest.approx(state.layers["arrows"]["rate"][0]) == pytest.approx(top)
    assert top < 0.05
    assert state.layers["arrows"]["day"] == [at(day(3))]
    assert "Arrow: the interval goes on." in state.note
    assert state.panel.y.end > 1.15 * top, "no room for its words"


def whisker_ends(state):
    held = state.layers["whiskers"]
    return [here + above for here, above in zip(held["rate"], held["plus"], strict=True)]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_no_line_strikes_through_the_words_of_a_rate(theme):
    chart = Trend(context=context(days=3), theme=theme.name)
    drawn = Drawn(chart.draw(chart.blank_panels()[0]))
    for name in ("labels", "words before", "mean words"):
        [glyph] = [one.glyph for one in drawn.figure.renderers if one.name == name]
        assert glyph.background_fill_color == theme.surface, name


def test_compared_days_under_no_shown_day_are_not_drawn_and_the_note_says_how_many():
    held = [day_of_2026(number) for number in range(1, 62)]
    base = context(Filters.of(dt.date(2026, 10, 2), dt.date(2026, 10, 31)), unit="Day")
    compared = Filters.of(dt.date(2026, 9, 2), dt.date(2026, 10, 1))
    chosen = replace(base, compared=compared, store_days=frozenset(row["session_date"] for row in held))
    state = shown([result(held[31:]), result(held[1:31]), result([])], chosen)
    assert len(state.layers["line before"]["day"]) == 25
    assert "each under the same weekday. 5 of its days fall outside the picture: counted, not drawn." in state.note


def day_of_2026(number):
    return counted(100, 2, session_date=dt.date(2026, 8, 31) + dt.timedelta(days=number))


def test_a_change_within_the_shown_days_is_said_though_their_sum_is_as_before():
    """Twenty days before and twenty shown ones of 100 sessions; 10 then 0 converted a day, 5 before."""
    first = dt.date(2017, 7, 1)
    days = [first + dt.timedelta(days=number) for number in range(20)]
    shown = [counted(100, 10 if number < 10 else 0, session_date=date) for number, date in enumerate(days)]
    assert plain(within(shown)) == (
        "; within these days it fell about 11 Jul (between 11 Jul and 12 Jul): 10.0 % before, 0 % since"
    )
    assert within([counted(100, 5 + number % 2, session_date=date) for number, date in enumerate(days)]) == ""
    assert within(shown[:15]) == ""
