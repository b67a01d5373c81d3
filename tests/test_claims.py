"""Headings name a difference in at most 5 of 100 cases where nothing differs, and still name one that is clear.

Each heading is made by the real function from counts drawn at one rate, 400 times with fixed seeds; then the same with
one rate planted.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from charts_builders import context, counted, result

from dashboard.charts import (
    board_changes,
    completion_words,
    countries_words,
    durations,
    finding,
    leaderboards,
    leavers,
    pivot_words,
    places,
    source_words,
    trend,
    trend_periods,
    trend_words,
    view_changes,
    view_findings,
)
from queries.filters import Filters
from queries.funnel import ENGAGEMENT
from queries.pivot import Group, against
from queries.statistics import CHANCE, wilson_interval

SETS = 400
MOST = CHANCE + 2 * (CHANCE * (1 - CHANCE) / SETS) ** 0.5
PLANTED = 50
RATE = 0.02
Draw = np.random.Generator


def converted(draw: Draw, sessions: np.ndarray, planted: bool, factor: float = 4.0, rate: float = RATE) -> list[int]:
    """Return converted sessions at one rate; where it is planted, the second largest group has `factor` times that."""
    rates = np.full(len(sessions), rate)
    if planted:
        rates[int(np.argsort(sessions)[-2])] *= factor
    return draw.binomial(sessions, rates).tolist()


def rows_of(draw: Draw, values: int, planted: bool, most: int = 4000, least: int = 100, **more) -> list[dict]:
    """Return rows of so many values, from a hundred sessions to thousands."""
    sessions = np.exp(draw.uniform(np.log(least), np.log(most), values)).astype(int)
    return [
        counted(
            whole, part, place=f"v{place}", segment=f"v{place}", source=f"v{place}", enough=whole * RATE >= 1, **more
        )
        for place, (whole, part) in enumerate(zip(sessions.tolist(), converted(draw, sessions, planted), strict=True))
    ]


def total_of(rows: list[dict], **more) -> dict:
    return counted(sum(row["sessions"] for row in rows), sum(row["conversions"] for row in rows), **more)


def days(draw: Draw, number: int, planted: bool) -> bool:
    sessions = draw.integers(300, 1500, number)
    if planted and number >= trend_words.LINE_FROM:
        parts = draw.binomial(sessions, np.where(np.arange(number) < number // 2, RATE, 2 * RATE)).tolist()
    else:
        parts = converted(draw, sessions, planted)
    first = dt.date(2026, 3, 2)
    dates = [first + dt.timedelta(days=place) for place in range(number)]
    held = zip(sessions.tolist(), parts, dates, strict=True)
    said = trend_words.heading([counted(whole, part, session_date=date) for whole, part, date in held])
    return "larger than chance" in said


def days_beside_compared(draw: Draw, number: int, planted: bool) -> bool:
    first = dt.date(2026, 3, 2)
    dates = [first + dt.timedelta(days=place) for place in range(2 * number)]
    sessions = draw.integers(300, 1500, 2 * number)
    rates = np.where(np.arange(2 * number) < number, RATE, 2 * RATE if planted else RATE)
    parts = draw.binomial(sessions, rates).tolist()
    rows = [counted(whole, part, session_date=date)
            for whole, part, date in zip(sessions.tolist(), parts, dates, strict=True)]  # fmt: skip
    periods = trend_periods.periods_of(rows, dates, set(), "Day")
    said = trend._heading(rows[number:], periods[number:], rows[:number], periods[:number])
    return not said.startswith("No ") or "within these days" in said


def sources(draw: Draw, number: int, planted: bool) -> bool:
    rows = rows_of(draw, number, planted, row_kind="source")
    total = total_of(rows, row_kind="all")
    mean = total["conversion_rate"]
    said = source_words.heading([*({**row, "expected": row["sessions"] * mean} for row in rows), total])
    return not said.startswith("No source")


def funnel_of(draw: Draw, entered: int, planted: bool, value: str) -> list[dict]:
    """Return the funnel of one value; planted, more go on at the second of three steps."""
    reached = [entered]
    for completion in (0.3, 0.5 if planted else 0.4, 0.2):
        reached.append(int(draw.binomial(reached[-1], completion)))
    rows = []
    for place, step in enumerate(ENGAGEMENT.steps):
        here, after = reached[place], reached[place + 1] if place < 3 else None
        low, high = (None, None) if after is None else wilson_interval(after, here)
        rows.append({
            "segment": value, "position": place + 1, "step": step.name, "reached": here,
            "completion_rate": None if after is None else after / here, "completion_rate_low": low,
            "completion_rate_high": high, "abandonments": None if after is None else here - after,
        })  # fmt: skip
    return rows


def steps(draw: Draw, _number: int, planted: bool) -> bool:
    return bool(finding.step_sentence(funnel_of(draw, 5000, planted, "now"), funnel_of(draw, 5000, False, "before")))


def values_at_steps(draw: Draw, number: int, planted: bool) -> bool:
    sizes = draw.integers(2000, 9000, number).tolist()
    held = {f"v{place}": funnel_of(draw, size, planted and not place, f"v{place}") for place, size in enumerate(sizes)}
    said = completion_words.heading(held, context(), "source")
    panels = [completion_words.verdict([rows[place] for rows in held.values()], "completion_rate", "reached", "source",
              steps=3) for place in range(3)]  # fmt: skip
    gap = finding.widest_gap([row for rows in held.values() for row in rows], context(), "source")
    named = " differ most " in said
    assert named is gap.startswith("Of ") is any(" against " in panel for panel in panels), (said, gap, panels)
    return named


def times_on_site(draw: Draw, number: int, planted: bool) -> bool:
    held = {}
    for place, device in enumerate(("desktop", "mobile", "tablet", "other")[:number]):
        rows = rows_of(draw, 8, planted and not place)
        held[device] = [row | {"position": at, "bucket": "1-3 m"} for at, row in enumerate(rows, start=2)]
    return durations.card_heading(held, number).startswith("Highest rate")


def all_places(draw: Draw, number: int, planted: bool) -> bool:
    rows = rows_of(draw, number, planted)
    return "stands above the rest of" in places.heading(rows, total_of(rows), "country", context())


def countries(draw: Draw, number: int, planted: bool) -> bool:
    rows = [row | {"country": row["place"]} for row in rows_of(draw, number, planted)]
    said = countries_words.heading(rows, 100)
    return not said.endswith(("the intervals overlap", "can show by chance", "too few to say"))


def countries_counted(draw: Draw, number: int, planted: bool) -> bool:
    rows = [row | {"country": row["place"]} for row in rows_of(draw, number, planted)]
    said, _ = view_findings.geography_finding([result(rows)], context())
    return said.startswith("Of ") and not ("none converts above" in said and "none below" in said)


def boards(draw: Draw, number: int, planted: bool) -> bool:
    rows = []
    for place, dimension in enumerate(("browser", "source", "country")):
        held = rows_of(draw, number, planted and not place, most=9000, least=1000, dimension=dimension)
        rows += [SimpleNamespace(**row, value=row["place"]) for row in held]
    return "stands out: " in leaderboards.heading(rows, 100)


def groups(draw: Draw, number: int, planted: bool) -> dict[tuple[str, ...], Group]:
    rows = rows_of(draw, 2 * number, planted)
    return {(f"v{place // 2}", "ab"[place % 2]): Group(row["sessions"], row["conversions"], 0.0, ())
            for place, row in enumerate(rows)}  # fmt: skip


def pivot_pairs(draw: Draw, number: int, planted: bool) -> bool:
    held = groups(draw, number, False)
    if planted:
        held["v0", "a"] = Group(4000, 10, 0.0, ())
    total = Group(sum(one.sessions for one in held.values()), sum(one.conversions for one in held.values()), 0.0, ())
    return not pivot_words.heading(("source", "device_category"), held, total).startswith("No pair")


def pivot_rows(draw: Draw, number: int, planted: bool) -> bool:
    held = groups(draw, number, False)
    if planted:
        held |= {("v0", "a"): Group(2000, 20, 0.0, ()), ("v0", "b"): Group(2000, 90, 0.0, ())}
    found = against(held, "b", "a")
    return bool(found.below or found.above)


def leaving(draw: Draw, number: int, planted: bool) -> bool:
    left, on = draw.integers(2000, 8000, 2).tolist()
    shares = draw.dirichlet(np.ones(number))
    other = np.roll(shares, 1) if planted else shares
    counts = zip(draw.multinomial(left, shares).tolist(), draw.multinomial(on, other).tolist(), strict=True)
    found = [
        leavers.Contrast("source", f"v{place}", gone, left, stayed, on) for place, (gone, stayed) in enumerate(counts)
    ]
    return bool(leavers.sure_contrasts(found))


def periods(draw: Draw, number: int, planted: bool) -> tuple[list[dict], list[dict]]:
    """Return the values of the shown and of the compared days; where it is planted, one rose."""
    return rows_of(draw, number, planted), rows_of(draw, number, False, least=1000)


def changes_on_boards(draw: Draw, number: int, planted: bool) -> bool:
    now, then = periods(draw, number, planted)
    rows = [row | {f"compared_{name}": old[name] for name in ("sessions", "conversions", "conversion_rate")}
            for row, old in zip(now, then, strict=True)]  # fmt: skip
    found = [
        SimpleNamespace(**row, dimension="source", value=row["source"]) for row in board_changes.with_changes(rows, 100)
    ]
    return board_changes.changes_heading(found, rises=True) != f"No value rose{board_changes.CHANCE}"


def changes_of_values(draw: Draw, number: int, planted: bool) -> bool:
    beside = replace(context(), compared=Filters.of(dt.date(2017, 6, 25), dt.date(2017, 7, 1)))
    return " none of " not in view_changes.values_sentence(*periods(draw, number, planted), beside, "source")


HEADINGS: tuple[tuple[Callable[[Draw, int, bool], bool], tuple[int, ...]], ...] = (
    (days, (7, 14, 19, 60)),
    (days_beside_compared, (7, 28)),
    (sources, (3, 20, 40)),
    (steps, (3,)),
    (values_at_steps, (3, 5)),
    (times_on_site, (1, 3)),
    (all_places, (3, 20, 40)),
    (countries, (3, 20, 40)),
    (countries_counted, (3, 20, 40)),
    (boards, (3, 20)),
    (pivot_pairs, (3, 12)),
    (pivot_rows, (3, 12)),
    (leaving, (3, 40)),
    (changes_on_boards, (3, 20, 40)),
    (changes_of_values, (3, 20)),
)
CASES = [(make, number) for make, numbers in HEADINGS for number in numbers]
NAMES = [f"{make.__name__}-{number}" for make, number in CASES]


def named(make: Callable[[Draw, int, bool], bool], number: int, sets: int, planted: bool) -> float:
    """Return the share of the sets in which a difference is named."""
    draw = np.random.default_rng([number, planted])
    return sum(make(draw, number, planted) for _ in range(sets)) / sets


@pytest.mark.parametrize(("make", "number"), CASES, ids=NAMES)
def test_where_nothing_differs_a_heading_names_a_difference_in_5_of_100_at_most(make, number):
    assert named(make, number, SETS, planted=False) <= MOST


@pytest.mark.parametrize(("make", "number"), CASES, ids=NAMES)
def test_a_clear_difference_is_named(make, number):
    assert named(make, number, PLANTED, planted=True) >= 0.9
