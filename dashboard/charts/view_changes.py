"""What changed since the compared days, for the sentences of views: among values, and by time on site."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dashboard.cards import Context
from dashboard.charts.board_changes import FALSE
from dashboard.charts.chosen import plural_of
from dashboard.charts.durations import LONG_FROM, MEASURED_FROM, bucket_words
from dashboard.charts.segments import word_inside
from dashboard.charts.words import Row
from dashboard.format import MINUS, date_range, points, rate, share
from queries.changes import Counts, beyond_chance, difference_interval
from queries.vocabulary import TITLES

LEAST = 100
"""A value must have so many sessions in both periods before it is said whether its rate changed."""
Asked = tuple[Any, Counts, Counts]
"""A value, or a time on site, with its counts before and now."""
BEYOND = "by more than chance"


def compared_words(context: Context) -> str:
    """Return the compared days for a sentence: 6 Sep to 3 Oct 2026; empty when nothing is compared."""
    days = context.compared
    return date_range(days.date_from, days.date_to, sentence=True) if days else ""


def change_between(before: Counts, after: Counts) -> str:
    """Return a change of a rate with its size and interval: 1.80 % to 1.20 % (−0.60 pp, −0.95 to −0.25)."""
    low, high = difference_interval(before, after)
    rates = [converted / sessions for sessions, converted in (before, after)]
    ends = " to ".join(f"{(end or 0.0) * 100:.2f}".replace("-", MINUS) for end in (low, high))
    return f"{rate(rates[0])} to {rate(rates[1])} ({points(rates[1] - rates[0])}, {ends})"


def values_sentence(
    now: Sequence[Row], before: Sequence[Row], context: Context, by: str, broken: Collection[str] = ()
) -> str:
    """Return which value's rate changed most by more than chance, of how many that were looked at; empty without past.

    `broken` are values whose sessions were filed under another one for a time: their change is none of traffic.
    """
    if not context.compared or not any(row["sessions"] for row in before):
        return ""
    past = {row["segment"]: row for row in before}
    asked = [
        (row["segment"], _counts(past[row["segment"]]), _counts(row))
        for row in now
        if row["segment"] in past
        and row["segment"] not in broken
        and min(row["sessions"], past[row["segment"]]["sessions"]) >= LEAST
    ]
    word, several, against = TITLES[by].lower(), plural_of(by), f"Against {compared_words(context)}"
    if not asked:
        return f"No {word} has {LEAST} sessions in both periods: too few to say what changed."
    sure = _called(asked)
    if not sure:
        who = f"none of {len(asked)} {several}" if len(asked) > 1 else word_inside(by, asked[0][0])
        verb = "changed its rate" if len(asked) > 1 else "did not change its rate"
        return f"{against} {who} with {LEAST} sessions or more {verb} {BEYOND}."
    value, then, after = max(sure, key=_size)
    moved = f"{against} {word_inside(by, value)} {_verb(then, after)}"
    if len(sure) == 1:
        only = f", the only one of {len(asked)} {several} that changed" if len(asked) > 1 else ""
        return f"{moved} from {change_between(then, after)}{only} {BEYOND}."
    more = f"{len(sure)} of {len(asked)} {several} changed {BEYOND}"
    return f"{moved} most, from {change_between(then, after)}; {more}."


def duration_sentence(now: Sequence[Row], before: Sequence[Row], context: Context) -> str:
    """Return whether visits became longer and at which length their rate changed most, each only beyond chance."""
    if not context.compared or not any(row["sessions"] for row in before):
        return ""
    periods = [_by_length(rows) for rows in (before, now)]
    measured = [sum(sessions for place, (sessions, _) in held.items() if place >= MEASURED_FROM) for held in periods]
    if not all(measured):
        return "Nothing can be said of what changed: one of the two periods has no measured duration."
    told = f"{_longer(periods, measured)}; {_rates(periods, {row['position']: row for row in now})}"
    return f"Against {compared_words(context)} {told}."


def _longer(periods: Sequence[Mapping[int, Counts]], measured: Sequence[float]) -> str:
    long = [sum(sessions for place, (sessions, _) in held.items() if place >= LONG_FROM) for held in periods]
    before, after = ((whole, part) for whole, part in zip(measured, long, strict=True))
    low, high = difference_interval(before, after)
    shares = [part / whole for whole, part in (before, after)]
    if low is None or high is None or low <= 0 <= high:
        return (
            f"visits are as long, within chance: {share(shares[1])} of those measured last 5 minutes or more, "
            f"{share(shares[0])} before"
        )
    verb = "longer" if shares[1] > shares[0] else "shorter"
    return f"visits are {verb} {BEYOND}: of those measured {change_between(before, after)} last 5 minutes or more"


def _rates(periods: Sequence[Mapping[int, Counts]], rows: Mapping[int, Row]) -> str:
    asked = [
        (place, periods[0][place], periods[1][place])
        for place in sorted(rows)
        if place >= MEASURED_FROM and min(held.get(place, (0, 0))[0] for held in periods) >= LEAST
    ]
    if not asked:
        return f"no time on site has {LEAST} sessions in both periods, too few to say whether a rate changed"
    sure = _called(asked)
    if not sure and len(asked) == 1:
        return f"the rate {bucket_words(rows[asked[0][0]])} did not change {BEYOND}"
    if not sure:
        return f"the rate at none of {len(asked)} times on site changed {BEYOND}"
    place, then, after = max(sure, key=_size)
    moved = f"the rate {bucket_words(rows[place])} {_verb(then, after)}"
    if len(sure) == 1:
        return f"{moved} {BEYOND}, from {change_between(then, after)}"
    more = f"{len(sure)} of {len(asked)} times on site changed {BEYOND}"
    return f"{moved} most, from {change_between(then, after)}; {more}"


def _called(asked: Sequence[Asked]) -> list[Asked]:
    """Return those whose rate changed by more than chance, all of them looked at once."""
    called = beyond_chance([(then, after) for _, then, after in asked], FALSE)
    return [each for each, call in zip(asked, called, strict=True) if call]


def _size(each: Asked) -> float:
    return abs(_difference(each[1], each[2]))


def _verb(before: Counts, after: Counts) -> str:
    return "fell" if _difference(before, after) < 0 else "rose"


def _by_length(rows: Sequence[Row]) -> dict[int, Counts]:
    held: dict[int, Counts] = {}
    for row in rows:
        sessions, converted = held.get(row["position"], (0, 0))
        held[row["position"]] = sessions + row["sessions"], converted + row["conversions"]
    return held


def _counts(row: Row) -> Counts:
    return row["sessions"], row["conversions"]


def _difference(before: Counts, after: Counts) -> float:
    return after[1] / after[0] - before[1] / before[0]
