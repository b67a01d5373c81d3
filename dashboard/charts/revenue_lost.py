"""The ceiling of lost revenue per step: what the sessions that left would bring if every one of them bought."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts.words import FEW_SESSIONS, Row, empty_sentence, transition
from dashboard.format import count, exact, money, money_short, plural
from queries.engine import Result


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the abandonments and the ceiling of each transition, and whether there are sessions at all."""
    return Need("revenue_lost"), Need("overview")


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return one grey number a step, their sum, and how far it is from the revenue that was really made."""
    rows = results[0].rows
    if not results[1].rows[0]["sessions"]:
        return CardState("No sessions, so nothing left", empty=empty_sentence(context))
    table = table_twin(rows)
    cells = [_row(transition(row["step"], row["next_step"]), row["abandonments"], row["ceiling"]) for row in rows]
    left = sum(row["abandonments"] for row in rows)
    body = Table(
        caption=table.caption,
        columns=[
            TableColumn(label="Step"),
            TableColumn(label="Left", align="right"),
            TableColumn(label="Ceiling: if every visitor bought", align="right"),
        ],
        rows=[*cells, _row("All steps", left, ceiling_of(rows), "total")],
    )
    return CardState(heading(rows), note(rows), body=body, table=table)


def ceiling_of(rows: Sequence[Row]) -> float | None:
    """Return the sum of the steps' ceilings; None when no session converted."""
    ceilings = [row["ceiling"] for row in rows if row["ceiling"] is not None]
    return sum(ceilings) if ceilings else None


def heading(rows: Sequence[Row]) -> str:
    """Return the ceiling beside the real revenue, so that nobody takes it for an estimate."""
    ceiling, revenue = ceiling_of(rows), rows[0]["revenue"]
    if not rows[0]["conversions"] or ceiling is None:
        return "No session converted, so there is no order value to reckon with"
    if not revenue:
        return "No revenue was recorded, so the ceiling is unknown"
    if not ceiling:
        return "No session left before an order"
    ratio = ceiling / revenue
    times = f"{count(ratio)} times" if ratio >= 2 else f"{ratio:.2f} times"
    shown = money_short(ceiling, 3) if ceiling >= 1000 else money(ceiling)
    return f"A ceiling, no estimate: {shown} if every visitor bought, {times} the real revenue"


def note(rows: Sequence[Row]) -> str:
    """Return the rule behind the ceiling, and a warning when few orders make the mean."""
    mean, conversions = rows[0]["revenue_per_conversion"], rows[0]["conversions"]
    rule = "Ceiling = sessions that left x mean revenue per converted session"
    if mean is None:
        return f"{rule}; nobody converted here, so it is undefined."
    few = f" The mean rests on {plural(conversions, 'converted session')}, too few to rely on." * (
        conversions < FEW_SESSIONS
    )
    real = money(rows[0]["revenue"], cents=True)
    return (
        f"{rule} ({money(mean, cents=True)}); the real revenue is {real}. It supposes that every one of them "
        f"would have bought: it bounds what a step can cost and does not say what can be won back.{few}"
    )


def _row(name: str, left: float, ceiling: float | None, kind: str = "") -> BodyRow:
    shown = money_short(ceiling, 3) if ceiling and ceiling >= 1000 else money(ceiling)
    return BodyRow(
        cells=[
            Cell(text=name),
            Cell(text=f"{count(left)} left", tone="loss" if left else "", title=exact(left)),
            Cell(text=shown, tone="muted", title=money(ceiling, cents=True)),
        ],
        kind="total" if kind == "total" else "",
    )


def table_twin(rows: Sequence[Row]) -> TableTwin:
    """Return the exact amounts per transition."""
    lines = [
        (transition(row["step"], row["next_step"]), exact(row["abandonments"]), money(row["ceiling"], cents=True))
        for row in rows
    ]
    total = ("All steps", exact(sum(row["abandonments"] for row in rows)), money(ceiling_of(rows), cents=True))
    headers = ("Step", "Left", "Ceiling if every visitor bought")
    return TableTwin("Ceiling of lost revenue per step", headers, (*lines, total), (False, True, True))


CHART = Chart("revenue_lost", "Revenue lost per step, ceiling", needs, update, renderer="rows", span=6, height=220)
