"""What to take away: largest drop-off, weak device and source, strong combination, time on site; how sure each is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.body import Cell, Table, TableColumn, Tone
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.checks import NEED as CHECKS
from dashboard.charts.claims import apart_from_all
from dashboard.charts.finding import largest_leak
from dashboard.charts.source_days import breaks_of, vanished_sentence
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence, joined, leaving, part_of, rate_of
from dashboard.format import count, expected, plural, rate, share
from queries.check import Check
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.judged import found_of
from queries.statistics import Share, intervals_meet, larger_than_chance, wilson_interval

LONG_FROM, MEASURED_FROM = 6, 2
"""Positions of the duration buckets: 5 minutes and longer begin at 6, measured durations at 2."""
WEAKEST = 3
QUESTIONS = 3
"""Devices, sources, and pairs of both: each has a third of the chance that a sentence is false."""

SURE, FEW, COUNTED, TRACKING = "Larger than chance", "Too few to say", "Counted", "Check the tracking first"
TONES: dict[str, Tone] = {SURE: "accent", FEW: "muted", COUNTED: "", TRACKING: "warn"}
NOTE = (
    "Regenerated from the sessions shown. Combinations with less than one expected order are never named. A difference "
    "is called larger than chance only where the 95 % intervals do not meet and chance does not set so many values so "
    "far apart; none of these sentences says why."
)


@dataclass(frozen=True, slots=True)
class Takeaway:
    """Hold one sentence, what it is about, and how sure it is."""

    about: str
    sentence: str
    certainty: str


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel, the durations, the sources, and the data checks."""
    return Need("funnel"), Need("durations"), Need("sources_by_device"), CHECKS


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the sentences as a table of three columns: about, what, how sure."""
    steps, durations, cells = (result.rows for result in results[:3])
    if not cells:
        return CardState("Nothing to take away", empty=empty_sentence(context))
    breaks = breaks_of(found_of(results[3]))
    said = takeaways(steps, durations, cells, breaks, context)
    table = TableTwin(
        "What to take away",
        ("About", "What the sessions show", "How sure"),
        tuple((item.about, item.sentence, item.certainty) for item in said),
    )
    body = Table(
        caption=table.caption,
        columns=[
            TableColumn(label="About", width="150px", hide_narrow=True),
            TableColumn(label="What the sessions show"),
            TableColumn(label="How sure", width="18%"),
        ],
        rows=[
            BodyRow(
                cells=[
                    Cell(text=item.about, tone="muted"),
                    Cell(text=item.sentence),
                    Cell(text=item.certainty, tone=TONES[item.certainty]),
                ]
            )
            for item in said
        ],
    )
    return CardState(heading(said, steps, context), NOTE.replace("95 %", "95\u202f%"), body=body, table=table)


def takeaways(
    steps: Sequence[Row], durations: Sequence[Row], cells: Sequence[Row], breaks: Sequence[Check], context: Context
) -> list[Takeaway]:
    """Return three to five sentences, those about nothing left out."""
    nobody = "No session left between two steps." if steps[0]["reached"] else "No session entered the funnel."
    said = [
        Takeaway("Largest drop-off", largest_leak(steps, context) or nobody, COUNTED),
        device_takeaway(cells),
        source_takeaway(cells, breaks),
        weak_pair_takeaway(cells, breaks),
        combination_takeaway(cells, breaks),
        duration_takeaway(durations),
    ]
    return [item for item in said if item]


def heading(said: Sequence[Takeaway], steps: Sequence[Row], context: Context) -> str:
    """Return how many of the sentences are more than chance, led by the largest drop-off."""
    sure = sum(item.certainty == SURE for item in said)
    compared = sum(item.certainty != COUNTED for item in said)
    carried = f"{count(sure) if sure else 'none'} of {plural(compared, 'comparison')} is larger than chance"
    if sure > 1:
        carried = carried.replace(" is larger", " are larger")
    if not compared:
        carried = "nothing to compare"
    losing = [row for row in steps if row["abandonments"]]
    if not losing:
        return _capital(carried)
    worst = max(losing, key=lambda row: row["abandonments"])
    return f"{share(worst['abandonment_rate'])} {leaving(context.funnel.steps[worst['position']])}; {carried}"


def device_takeaway(cells: Sequence[Row]) -> Takeaway | None:
    """Return the device that converts furthest below the largest one; None where there is one device only."""
    devices = [row for row in cells if row["row_kind"] == "all" and row["device_category"] != EVERYTHING]
    if len(devices) < 2:
        return None
    large = sorted((row for row in devices if row["sessions"] >= FEW_SESSIONS), key=lambda row: -row["sessions"])
    if len(large) < 2:
        return Takeaway("Devices", "Only one device has sessions enough to compare.", FEW)
    best = max(large, key=lambda row: row["conversion_rate_low"])
    apart = [row for row in large if row is not best and not intervals_meet(_interval(row), _interval(best))]
    sure = larger_than_chance([(_share(row), _share(best)) for row in apart], QUESTIONS * math.comb(len(large), 2))
    behind = [row for row, call in zip(apart, sure, strict=True) if call]
    ahead = f"{best['device_category']} converts at {_counts(best)}"
    if not behind:
        other = next(row for row in large if row is not best)
        sentence = f"{ahead}, {other['device_category']} at {_counts(other)}; "
        sentence += f"{plural(len(large), 'device')} can differ so by chance." if apart else "the intervals overlap."
        return Takeaway("Devices", _capital(sentence), FEW)
    worst = max(behind, key=lambda row: row["sessions"])
    return Takeaway("Weak device", _capital(f"{worst['device_category']} converts at {_counts(worst)}, {ahead}."), SURE)


def source_takeaway(cells: Sequence[Row], breaks: Sequence[Check]) -> Takeaway | None:
    """Return the source furthest short of the mean; None where there is one source only."""
    rows = [row for row in cells if row["device_category"] == EVERYTHING]
    if len(rows) < 3:
        return None
    short = [row for row in _apart(rows[:-1], rows[-1]) if row["conversion_rate"] < rows[-1]["conversion_rate"]]
    if not short:
        return Takeaway("Weak source", "No source falls short of the mean by more than chance.", FEW)
    worst = max(short, key=lambda row: row["expected"] - row["conversions"])
    what = "no order" if not worst["conversions"] else plural(worst["conversions"], "converted session")
    due = f"where the mean gives {expected(worst['expected'])}"
    sentence = f"{worst['source']} brought {plural(worst['sessions'], 'session')} and {what}, {due}."
    return _with_tracking("Weak source", sentence, worst["source"], breaks)


def weak_pair_takeaway(cells: Sequence[Row], breaks: Sequence[Check]) -> Takeaway | None:
    """Return the source and device that lack most orders against the mean; None with fewer than two pairs."""
    total = next((row for row in cells if row["row_kind"] == "all" and row["device_category"] == EVERYTHING), None)
    pairs = [row for row in cells if row["row_kind"] == "source" and row["device_category"] != EVERYTHING]
    if total is None or len(pairs) < 2:
        return None
    below = [row for row in _apart(pairs, total) if row["conversion_rate"] < total["conversion_rate"]]
    below.sort(key=lambda row: row["conversions"] - row["expected"])
    if not below:
        return Takeaway("Weak pairs", "No source and device convert below the mean by more than chance.", FEW)
    said = [
        f"{row['source']} on {row['device_category']} {part_of(row['conversions'], row['sessions'])} "
        f"({expected(row['expected'])} expected)"
        for row in below[:WEAKEST]
    ]
    sentence = f"Furthest below the mean: {joined(said)}."
    return _with_tracking("Weak pairs", sentence, below[0]["source"], breaks)


def combination_takeaway(cells: Sequence[Row], breaks: Sequence[Check]) -> Takeaway | None:
    """Return the source and device that convert furthest above the mean; those too small to judge are only counted."""
    total = next((row for row in cells if row["row_kind"] == "all" and row["device_category"] == EVERYTHING), None)
    pairs = [row for row in cells if row["row_kind"] == "source" and row["device_category"] != EVERYTHING]
    if total is None or len(pairs) < 2:
        return None
    small = sum(not row["enough"] for row in pairs)
    rest = f"; {count(small)} of {count(len(pairs))} combinations are too few to say" if small else ""
    above = [row for row in _apart(pairs, total) if row["conversion_rate"] > total["conversion_rate"]]
    if not above:
        return Takeaway("Strong combination", f"No combination converts above the mean by more than chance{rest}.", FEW)
    best = max(above, key=lambda row: row["conversions"] - row["expected"])
    mean = f"the mean is {rate(total['conversion_rate'])}"
    sentence = f"{best['source']} on {best['device_category']} converts at {_counts(best)}, {mean}{rest}."
    return _with_tracking("Strong combination", sentence, best["source"], breaks)


def duration_takeaway(rows: Sequence[Row]) -> Takeaway | None:
    """Return how long and short measured sessions convert; never as advice, because buying itself takes time."""
    long, short = _pooled(rows, LONG_FROM, 9), _pooled(rows, MEASURED_FROM, LONG_FROM - 1)
    if not long[1] or not short[1]:
        return None
    sentence = (
        f"Sessions of 5 minutes or more convert at {rate_of(*long)}, shorter measured ones at {rate_of(*short)}; "
        "buying takes time, so this is no advice to keep people longer."
    )
    apart = not intervals_meet(wilson_interval(*long), wilson_interval(*short))
    return Takeaway("Time on site", sentence, SURE if apart else FEW)


def _pooled(rows: Sequence[Row], first: int, last: int) -> tuple[int, int]:
    held = [row for row in rows if first <= row["position"] <= last]
    return sum(row["conversions"] for row in held), sum(row["sessions"] for row in held)


def _with_tracking(about: str, sentence: str, source: str, breaks: Sequence[Check]) -> Takeaway:
    for found in breaks:
        if source in (found.value, found.taken_by):
            missing = vanished_sentence(found)
            return Takeaway(about, f"{sentence} But {missing}.", TRACKING)
    return Takeaway(about, sentence, SURE)


def _apart(rows: Sequence[Row], total: Row) -> list[Row]:
    return apart_from_all([row for row in rows if row["enough"]], _share(total), QUESTIONS)


def _share(row: Row) -> Share:
    return row["conversions"], row["sessions"]


def _interval(row: Row) -> tuple[float | None, float | None]:
    return row["conversion_rate_low"], row["conversion_rate_high"]


def _counts(row: Row) -> str:
    return f"{rate(row['conversion_rate'])} ({part_of(row['conversions'], row['sessions'])})"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


CHART = Card("takeaways", "What to take away", needs, update, renderer="rows", span=12, height=260, slow=True)
