"""Time on site by the last step reached: how long those stayed who left there, where the export measures it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.words import FEW_SESSIONS, empty_sentence
from dashboard.format import DASH, count, exact, plural, rate, seconds
from queries.engine import Result

NOTE = (
    "Time from the first to the last hit of the whole session, not to the step: this store holds no times of "
    "steps. Sessions of one "
    "hit have no measured time and are left out. Longer is not better: each step takes time itself."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the time of sessions by their last step."""
    return (Need("step_times"),)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a row for each step at which sessions ended."""
    by_step = {row["last_step"]: row for row in results[0].rows}
    if not by_step:
        return CardState("No sessions to time", empty=empty_sentence(context))
    steps = context.funnel.steps
    lines, twin = [], []
    for place in range(len(steps) + 1):
        row = by_step.get(place, {"sessions": 0, "sessions_with_duration": 0, "median_duration_seconds": None})
        if not place and not row["sessions"]:
            continue
        name = steps[place - 1].name if place else "No step"
        few = row["sessions_with_duration"] < FEW_SESSIONS
        median = "too few" if few and row["sessions_with_duration"] else seconds(row["median_duration_seconds"])
        measured = rate(row["sessions_with_duration"] / row["sessions"]) if row["sessions"] else DASH
        lines.append(
            BodyRow(
                cells=[
                    Cell(text=name),
                    Cell(text=count(row["sessions"]), title=exact(row["sessions"])),
                    Cell(
                        text=measured,
                        tone="muted",
                        title=f"{plural(row['sessions_with_duration'], 'session')} measured",
                    ),
                    Cell(text=median, bold=not few, tone="muted" if few else ""),
                ]
            )
        )
        exact_median = DASH if row["median_duration_seconds"] is None else exact(row["median_duration_seconds"])
        twin.append((name, exact(row["sessions"]), exact(row["sessions_with_duration"]), exact_median))
    columns = [
        TableColumn(label="Last step reached"),
        TableColumn(label="Sessions", align="right"),
        TableColumn(label="Measured", align="right"),
        TableColumn(label="Median time", align="right"),
    ]
    headers = ("Last step reached", "Sessions", "With a measured time", "Median seconds")
    table = TableTwin("Time on site by last step reached", headers, tuple(twin), (False, True, True, True))
    body = Table(caption=table.caption, columns=columns, rows=lines, dense=True)
    return CardState(heading(by_step, context), NOTE, body=body, table=table)


def heading(by_step: Mapping[int, Mapping[str, Any]], context: Context) -> str:
    """Return how long buyers and those who left a step earlier stayed, or that it is not measured."""
    steps = context.funnel.steps
    last, earlier = by_step.get(len(steps)), by_step.get(len(steps) - 1)
    if not any(row["sessions_with_duration"] for row in by_step.values()):
        return "No time is measured in these sessions"
    large = [row for row in (last, earlier) if row and row["sessions_with_duration"] >= FEW_SESSIONS]
    if len(large) < 2:
        return "Too few measured sessions at the last step to say"
    return (
        f"Half of those who reach {steps[-1].name} stay {seconds(large[0]['median_duration_seconds'])} or longer, half "
        f"of those who leave at {steps[-2].name} {seconds(large[1]['median_duration_seconds'])}"
    )


CHART = Card("step_times", "Time on site by last step reached", needs, update, renderer="rows", span=6, height=220)
