"""The sentences of the trend: how far days, weeks or months differ, alone or against a compared period."""

import datetime as dt
from collections.abc import Sequence

from dashboard.charts.claims import sure_beside_rest
from dashboard.charts.trend_periods import DAILY, Period, incomplete_words
from dashboard.charts.words import FEW_SESSIONS, Row, part_of
from dashboard.format import THIN, count, date_range, day, plural, points, rate
from queries.change_point import CHANCE, ChangePoint, change_point
from queries.changes import Counts, difference_interval
from queries.statistics import intervals_meet

LINE_FROM = 20
NOTE = (
    f"Dots: share of sessions that converted; whiskers or band: 95{THIN}% Wilson interval; bars: sessions, on a scale "
    "of their own. Days follow the property's own time zone."
)


def heading(rows: Sequence[Row], periods: Sequence[Row] = ()) -> str:
    """Return how far the days differ, and whether by more than chance; from 20 days on since when, if at all.

    `periods` are the weeks or months that are drawn of these days, whose rates are said where the days are too few for
    that: the verdict does not depend on how the days are drawn.
    """
    drawn = periods or rows
    if len(rows) >= LINE_FROM and pooled(rows)[1]:
        return since_when(rows)
    if len(drawn) == 1:
        only = drawn[0]
        counts = part_of(only["conversions"], only["sessions"])
        return f"{_name(only, capital=True)}: {rate(only['conversion_rate'])} converted ({counts})"
    if not pooled(rows)[1]:
        unit = str(drawn[0].get("unit", DAILY)).lower()
        return f"No session converted in any of {plural(len(drawn), unit)} ({part_of(0, pooled(rows)[0])})"
    return days_compared(drawn)


def days_compared(rows: Sequence[Row]) -> str:
    """Return the lowest and the highest day, and whether they are farther apart than so many days are by chance.

    They are where their intervals do not meet, and one of them lies farther off all other days together than the
    farthest of so many days does by chance: that finds one odd day sooner than a test of the two.
    """
    large = [row for row in rows if row["sessions"] >= FEW_SESSIONS]
    unit = str(rows[0].get("unit", DAILY)).lower()
    if len(large) < 2:
        return f"Too few sessions a {unit} to compare: at most {count(max(row['sessions'] for row in rows))}"
    low = min(large, key=lambda row: (row["conversion_rate"], -row["sessions"]))
    high = max(large, key=lambda row: (row["conversion_rate"], row["sessions"]))
    ends = " to ".join(
        f"{rate(row['conversion_rate'])} {_on(row)}" for row in sorted((low, high), key=lambda row: row["session_date"])
    )
    if intervals_meet(_interval(low), _interval(high)):
        return f"No {unit} stands out: {ends}, and the intervals overlap"
    sessions, converted = pooled(large)
    if not sure_beside_rest([low, high], (converted, sessions), len(large)):
        return f"No {unit} stands out: {ends}, which {plural(len(large), unit)} can show by chance"
    none = f"; {_name(low)} has no order in {count(low['sessions'])} sessions" if not low["conversions"] else ""
    return f"From {ends}: larger than chance{none}"


def since_when(rows: Sequence[Row]) -> str:
    """Return when the rate of the days changed and by how much, where that is more than chance."""
    found = change_of(rows)
    if found is None:
        sessions, converted = pooled(rows)
        days = date_range(rows[0]["session_date"], rows[-1]["session_date"])
        return f"No clear change within {days}: {rate(converted / sessions)} converted"
    before, after = (part / whole for whole, part in (found.before, found.after))
    verb = "rose" if after > before else "fell"
    return f"Conversion {verb} {_when(rows, found)}: {rate(before)} before, {rate(after)} since, larger than chance"


def change_of(rows: Sequence[Row], chance: float = CHANCE) -> ChangePoint | None:
    """Return the one change of the days' rate that is more than chance."""
    return change_point([(row["sessions"], row["conversions"]) for row in rows], chance)


def step_of(rows: Sequence[Row]) -> tuple[dt.date, float, float] | None:
    """Return the day from which the rate of many days is another, and the rates before and since; else None."""
    found = change_of(rows) if len(rows) >= LINE_FROM else None
    if found is None:
        return None
    return rows[found.place]["session_date"], found.before[1] / found.before[0], found.after[1] / found.after[0]


def began(rows: Sequence[Row], shown: Sequence[Period], before: Sequence[Period]) -> str:
    """Return when a difference of two periods that touch began; empty where no one day stands out, or they do not."""
    if not changed(shown, before) or before[-1].last + dt.timedelta(days=1) != shown[0].first:
        return ""
    found = change_of(rows)
    rises = _rate(shown) > _rate(before)
    if found is None or (found.after[1] / found.after[0] > found.before[1] / found.before[0]) is not rises:
        return ""
    return f"; conversion {'rose' if rises else 'fell'} {_when(rows, found)}"


def within(rows: Sequence[Row]) -> str:
    """Return the change within the shown days, which a comparison of their sum hides; empty where there is none.

    It is a second look at the same days, so a small part of the chance of a false one is left to it.
    """
    found = change_of(rows, CHANCE / 5) if len(rows) >= LINE_FROM else None
    if found is None:
        return ""
    before, after = (part / whole for whole, part in (found.before, found.after))
    verb = "rose" if after > before else "fell"
    return f"; within these days it {verb} {_when(rows, found)}: {rate(before)} before, {rate(after)} since"


def _rate(periods: Sequence[Period]) -> float:
    return sum(period.conversions for period in periods) / sum(period.sessions for period in periods)


def _when(rows: Sequence[Row], found: ChangePoint) -> str:
    """Return the day of a change with those that it may as well have been: about 16 Sep (between 14 and 20 Sep)."""
    best, first, last = (rows[place]["session_date"] for place in (found.place, found.first, found.last))
    return f"on {day(best)}" if first == last else f"about {day(best)} (between {day(first)} and {day(last)})"


def against(shown: Sequence[Period], before: Sequence[Period]) -> str:
    """Return how the shown periods stand against the compared ones: day by day while they are few, else as two sums."""
    large = [period for period in shown if period.sessions >= FEW_SESSIONS]
    compared = [period.rate for period in before if period.sessions >= FEW_SESSIONS and period.rate is not None]
    unit, words = shown[0].unit.lower(), date_range(shown[0].first, shown[-1].last)
    if len(shown) >= LINE_FROM or len(large) < 2 or not compared:
        return sums_compared(shown, before)
    above = sum((period.rate or 0) > max(compared) for period in large)
    below = sum((period.rate or 0) < min(compared) for period in large)
    every = "Both" if len(large) == 2 else f"All {count(len(large))}"
    none = next((period for period in large if not period.conversions), None)
    also = f"; {none.name} has no order in {count(none.sessions)} sessions" if none else ""
    if not max(above, below - bool(none)):
        return f"No {unit} of {words} lies outside the compared {unit}s{also}"
    number, verb = (above, "beat") if above >= below - bool(none) else (below, "fall short of")
    who = f"{every} {unit}s" if number == len(large) else f"{count(number)} of {plural(len(large), unit)}"
    said = f"{who} of {words} {_verb(verb, number)} every compared {unit}{also}"
    return said if changed(shown, before) else f"No clear change overall, though {said[0].lower()}{said[1:]}"


def changed(shown: Sequence[Period], before: Sequence[Period]) -> bool:
    """Say whether both periods as a whole differ by more than chance."""
    then, now = (
        (sum(period.sessions for period in part), sum(period.conversions for period in part))
        for part in (before, shown)
    )
    return _differ(then, now)


def _differ(then: Counts, now: Counts) -> bool:
    """Say whether the interval of the difference of two rates, of (sessions, converted), leaves out 0."""
    low, high = difference_interval(then, now)
    return low is not None and high is not None and not low <= 0 <= high


def _verb(verb: str, number: int) -> str:
    if number != 1:
        return verb
    return "beats" if verb == "beat" else "falls short of"


def sums_compared(shown: Sequence[Period], before: Sequence[Period]) -> str:
    """Return both periods' rates and their difference, called larger than chance where its interval excludes 0."""
    now, then = (
        (sum(period.sessions for period in part), sum(period.conversions for period in part))
        for part in (shown, before)
    )
    if not now[0] or not then[0]:
        return "Too few sessions to compare the two periods"
    rates = then[1] / then[0], now[1] / now[0]
    if not _differ(then, now):
        return f"No clear change: {rate(rates[1])} now, {rate(rates[0])} in the compared period"
    verb = "rose" if rates[1] > rates[0] else "fell"
    difference = points(rates[1] - rates[0])
    return f"Conversion {verb} from {rate(rates[0])} to {rate(rates[1])}: {difference}, larger than chance"


def note(
    periods: Sequence[Period], asked: Sequence[dt.date], missing: set[dt.date], compared: str, left_out: str = ""
) -> str:
    """Return how the chart is read, what has no export, what is left out or incomplete, how compared days are laid."""
    said = [NOTE]
    if missing:
        which = day(min(missing)) if len(missing) == 1 else plural(len(missing), "day")
        said.append(f"No export holds {which} of {plural(len(asked), 'day')}: hatched.")
    if left_out:
        said.append(f"Left out: {left_out}, hatched too.")
    return " ".join(part for part in (*said, incomplete_words(periods), compared) if part)


def pooled(rows: Sequence[Row]) -> tuple[int, int]:
    """Return sessions and converted sessions of several rows."""
    return sum(row["sessions"] for row in rows), sum(row["conversions"] for row in rows)


def _interval(row: Row) -> tuple[float | None, float | None]:
    return row["conversion_rate_low"], row["conversion_rate_high"]


def _name(row: Row, capital: bool = False) -> str:
    name = row.get("name") or day(row["session_date"])
    return name[0].upper() + name[1:] if capital else name


def _on(row: Row) -> str:
    name = _name(row)
    return f"in {name}" if row.get("unit", DAILY) != DAILY else f"on {name}"
