"""What "Explain" opens on a row of the leak list: its values, the step it loses at, the same leak from elsewhere."""

from dashboard.body import Action, Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.charts.segments import can_filter, segment_pairs, segment_words
from dashboard.charts.words import Row, part_of, rate_of
from dashboard.findings import Explanation
from dashboard.format import DASH, THIN, count, exact, expected, rate
from queries.judged import Explained
from queries.leak_report import Leak, LeakReport
from queries.statistics import intervals_meet

MOST_RELATIVES = 8


def step_sentence(leak: Leak, found: Explained) -> str:
    """Return at which step a row falls furthest behind all sessions, if the intervals do not meet."""
    steps = found.steps_of(leak)
    worst: tuple[float, Row, Row] | None = None
    for own, every in zip(steps, found.every, strict=False):
        if own["completion_rate"] is None or not every["completion_rate"]:
            continue
        meet = intervals_meet(
            (own["completion_rate_low"], own["completion_rate_high"]),
            (every["completion_rate_low"], every["completion_rate_high"]),
        )
        ratio = own["completion_rate"] / every["completion_rate"]
        if not meet and ratio < 1 and (worst is None or ratio < worst[0]):
            worst = ratio, own, every
    if not steps:
        return ""
    if worst is None:
        return "At no step of the funnel does it differ from all sessions by more than chance."
    _, own, every = worst
    return (
        f"Furthest behind after {own['step']}: {rate(own['completion_rate'])} go on "
        f"({part_of(own['reached'] - own['abandonments'], own['reached'])}), {rate(every['completion_rate'])} of "
        "all sessions."
    )


def steps_table(leak: Leak, found: Explained) -> Table | None:
    """Return the funnel of a row beside that of all sessions; None when it was not asked."""
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
        TableColumn(label="Of all sessions", align="right"),
    ]
    return Table(
        caption="The funnel of this segment beside that of all sessions", columns=columns, rows=rows, dense=True
    )


def _counts(row: Row) -> str:
    if row["completion_rate"] is None:
        return DASH
    return rate_of(row["reached"] - row["abandonments"], row["reached"])


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


def explanation(leak: Leak, report: LeakReport, found: Explained | None) -> Explanation:
    """Return what "Explain" opens: the values, the step, chance, and the segments that are the same leak."""
    sentences = [f"{segment_pairs(leak.segment)}: {rate_of(leak.conversions, leak.sessions)} converted."]
    if found and (said := step_sentence(leak, found)):
        sentences.append(said)
    if leak.kind == "leak":
        sentences.append("Each of its values converts as its peers do, once this combination is set apart.")
    chance = "less than 1 in a million" if leak.p < 1e-6 else f"{leak.p:.2g}"
    sentences.append(f"Chance of so far a difference without a cause: {chance} before correction for the search.")
    tables = [steps_table(leak, found) if found else None, relatives_table(leak)]
    return Explanation(sentences=sentences, tables=[table for table in tables if table])
