"""What "Explain" opens on a row of the leak list: its values, its step, its days, the same leak from elsewhere."""

import datetime as dt
from collections.abc import Sequence

from dashboard.body import Action, Cell, DayBar, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.charts.segments import can_filter, segment_pairs, segment_words
from dashboard.charts.words import Row, part_of, rate_of, stretch_label, stretches
from dashboard.findings import Explanation
from dashboard.format import DASH, THIN, count, date_range, decimal, exact, expected, plural, rate
from queries.judged import Explained
from queries.leak_report import Leak, LeakReport
from queries.statistics import Share, intervals_meet, larger_than_chance

MOST_RELATIVES = 8
MOST_BARS = 31


def step_sentence(leak: Leak, found: Explained) -> str:
    """Return at which step a row falls furthest behind the sessions shown.

    The intervals do not meet, and so many steps do not differ so from all other sessions by chance.
    """
    steps = found.steps_of(leak)
    both = [
        (own, every)
        for own, every in zip(steps, found.every, strict=False)
        if own["completion_rate"] is not None and every["completion_rate"]
    ]
    apart = [
        (own, every)
        for own, every in both
        if own["completion_rate"] < every["completion_rate"]
        and not intervals_meet(
            (own["completion_rate_low"], own["completion_rate_high"]),
            (every["completion_rate_low"], every["completion_rate_high"]),
        )
    ]
    shares = [(_went_on(own), _went_on(every)) for own, every in apart]
    pairs = [((part, whole), (all_part - part, all_whole - whole)) for (part, whole), (all_part, all_whole) in shares]
    sure = [each for each, call in zip(apart, larger_than_chance(pairs, len(both)), strict=True) if call]
    if not steps:
        return ""
    if not sure:
        return "At no step of the funnel does it differ from the sessions shown by more than chance."
    own, every = min(sure, key=lambda each: each[0]["completion_rate"] / each[1]["completion_rate"])
    return (
        f"Furthest behind after {own['step']}: {rate(own['completion_rate'])} go on "
        f"({part_of(*_went_on(own))}), {rate(every['completion_rate'])} of "
        "the sessions shown."
    )


def steps_table(leak: Leak, found: Explained) -> Table | None:
    """Return the funnel of a row beside that of the sessions shown; None when it was not asked."""
    steps = found.steps_of(leak)
    if not steps:
        return None
    rows = [
        BodyRow(
            cells=[
                Cell(text=own["step"]),
                Cell(text=count(own["reached"]), title=exact(own["reached"])),
                Cell(text=rate(own["completion_rate"]), title=_counts(own)),
                Cell(text=rate(every["completion_rate"]), tone="muted", title=_counts(every)),
            ]
        )
        for own, every in zip(steps, found.every, strict=True)
    ]
    columns = [
        TableColumn(label="Step"),
        TableColumn(label="Reached", align="right"),
        TableColumn(label="Went on", align="right"),
        TableColumn(label="Of the sessions shown", align="right"),
    ]
    return Table(
        caption="The funnel of this segment beside that of the sessions shown", columns=columns, rows=rows, dense=True
    )


def _counts(row: Row) -> str:
    if row["completion_rate"] is None:
        return DASH
    return rate_of(*_went_on(row))


def _went_on(row: Row) -> Share:
    return row["reached"] - row["abandonments"], row["reached"]


Part = tuple[Sequence[dt.date], float, float | None]
"""Some days in a row, what a segment had on them, and what was expected; None for days without any session."""


def parts_of(leak: Leak, found: Explained) -> list[Part]:
    """Return the days (stretches of equal length, beyond 31) with what the segment had and what was expected of it.

    Expected adds up to the row's own number; it is spread as its sessions are, times the rate of the sessions shown.
    """
    own = {row["session_date"]: row for row in found.days_of(leak)}
    every = {row["session_date"]: row for row in found.every_day}
    if not own or not every:
        return []
    first, last = min(every), max(every)
    days = [first + dt.timedelta(days=place) for place in range((last - first).days + 1)]
    weight = {
        day: row["sessions"] * every[day]["conversions"] / every[day]["sessions"] for day, row in own.items()
    }  # fmt: skip
    whole = sum(weight.values())
    parts: list[Part] = []
    for part in stretches(days, MOST_BARS):
        had = sum(own[day]["conversions"] for day in part if day in own)
        due = leak.expected * sum(weight.get(day, 0.0) for day in part) / whole if whole else 0.0
        parts.append((part, had, due if any(day in every for day in part) else None))
    return parts


def days_sentence(leak: Leak, parts: Sequence[Part]) -> str:
    """Return on how many days (stretches of days) a row had fewer than expected (more, if it is strong)."""
    known = [(had, due) for _, had, due in parts if due]
    if len(known) < 2:
        return ""
    less = leak.ratio < 1
    fitting = sum(had < due if less else had > due for had, due in known)
    length = len(parts[0][0])
    where = (
        f"of {plural(len(known), 'day')} with orders" if length == 1 else f"of {len(known)} stretches of {length} days"
    )
    return f"It had {'fewer' if less else 'more'} than expected {'on' if length == 1 else 'in'} {fitting} {where}."


def days_table(leak: Leak, parts: Sequence[Part]) -> Table | None:
    """Return what was expected over what there was, day by day on one scale; None when it was not asked."""
    if len(parts) < 2:
        return None
    top = max([had for _, had, _ in parts] + [due or 0.0 for *_, due in parts]) or 1
    whole = [due for *_, due in parts if due is not None]
    lines = (
        ("Expected", sum(whole), "expected-band", [(part, due, due) for part, _, due in parts]),
        ("Had", leak.conversions, "loss" if leak.ratio < 1 else "accent", parts),
    )
    rows = [
        BodyRow(cells=[
            Cell(text=label),
            Cell(days=[_bar(part, value, due, top, color, label) for part, value, due in held]),
            Cell(text=expected(total) if label == "Expected" else count(total)),
        ])
        for label, total, color, held in lines
    ]  # fmt: skip
    days = date_range(parts[0][0][0], parts[-1][0][-1])
    columns = [
        TableColumn(label="Converted sessions", width="150px"),
        TableColumn(label=f"By day, {days}" if len(parts[0][0]) == 1 else f"By {len(parts[0][0])} days, {days}"),
        TableColumn(label="In all", align="right", width="80px"),
    ]
    return Table(caption="Converted sessions day by day, expected and had", columns=columns, rows=rows, dense=True)


def _bar(
    part: Sequence[dt.date], value: float | None, due: float | None, top: float, color: str, label: str
) -> DayBar:  # fmt: skip
    if due is None or value is None:
        return DayBar(value=None, title=f"{stretch_label(part)}: no data")
    number = decimal(value) if label == "Expected" else count(value)
    return DayBar(value=value / top, color=color, title=f"{stretch_label(part)}: {number} {label.lower()}")


def relatives_table(leak: Leak) -> Table | None:
    """Return the segments that are the same leak seen from elsewhere; None when there are none."""
    if not leak.relatives:
        return None
    rows = []
    for relative in leak.relatives[:MOST_RELATIVES]:
        name = Cell(text=segment_words(relative.segment), title=segment_pairs(relative.segment))
        if can_filter(relative.segment):
            name["action"] = Action(where=dict(relative.segment))
        rows.append(
            BodyRow(
                cells=[
                    name,
                    Cell(text=count(relative.sessions), title=exact(relative.sessions)),
                    Cell(text=count(relative.conversions)),
                    Cell(text=expected(relative.expected)),
                    Cell(text=f"{relative.ratio * 100:.0f}{THIN}%"),
                ]
            )
        )
    columns = [
        TableColumn(label="The same leak seen as"),
        TableColumn(label="Sessions", align="right"),
        TableColumn(label="Converted", align="right"),
        TableColumn(label="Expected", align="right"),
        TableColumn(label="Ratio", align="right"),
    ]
    return Table(caption="Segments that the same cause explains", columns=columns, rows=rows, dense=True)


def chance_sentence(p: float) -> str:
    """Return how often chance alone gives so large a difference, in one such segment: about 1 time in 320,000."""
    if p >= 0.1:
        often = f"{p * 100:.0f} times in 100"
    else:
        often = "less than 1 time in a million" if p < 1e-6 else f"about 1 time in {count(float(f'{1 / p:.2g}'))}"
    return f"Chance alone would show so large a difference {often}; the list allows for how many were looked at."


def explanation(leak: Leak, report: LeakReport, found: Explained | None) -> Explanation:
    """Return what "Explain" opens: the values, the step, the days, chance, and the segments that are the same leak."""
    sentences = [f"{segment_pairs(leak.segment)}: {rate_of(leak.conversions, leak.sessions)} converted."]
    if found and (said := step_sentence(leak, found)):
        sentences.append(said)
    parts = parts_of(leak, found) if found else []
    if said := days_sentence(leak, parts):
        sentences.append(said)
    if leak.kind == "leak":
        sentences.append("Each of its values converts as its peers do, once this combination is set apart.")
    sentences.append(chance_sentence(leak.p))
    tables = [steps_table(leak, found) if found else None, days_table(leak, parts), relatives_table(leak)]
    return Explanation(sentences=sentences, tables=[table for table in tables if table])
