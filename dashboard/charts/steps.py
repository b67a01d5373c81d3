"""The funnel of the sessions shown, small: how many reached each step, how many went on, how many left."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.body import Action, Cell, Table, TableColumn
from dashboard.body import Row as BodyRow
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.funnel_rows import STEP_TITLE
from dashboard.charts.words import Row, empty_sentence, leaving, part_of, sessions_at
from dashboard.format import count, exact, rate, share
from queries.engine import Result

LABEL = "Funnel of the sessions shown"
NOTE = "Reached is cumulative: an order implies the earlier steps."


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the funnel and for how many sessions there are."""
    return Need("funnel", shows_steps=True), Need("overview", shows_steps=True)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a row per step: a bar of the share that reached it, and below it who went on and who left."""
    steps = results[0].rows
    if not steps or not results[1].rows[0]["sessions"]:
        return CardState("No session entered the funnel", empty=empty_sentence(context))
    table = TableTwin(
        LABEL,
        ("Step", "Reached", "Share of first", "Went on", "Left"),
        tuple(
            (row["step"], exact(row["reached"]), rate(row["share_of_first"]), rate(row["completion_rate"]),
             exact(row["abandonments"]))
            for row in steps
        ),
        (False, True, True, True, True),
    )  # fmt: skip
    body = Table(
        caption=table.caption,
        columns=[
            TableColumn(label="Step", width="104px"),
            TableColumn(label="Share of the first step"),
            TableColumn(label="Sessions", align="right", width="64px"),
            TableColumn(label="Share", align="right", width="64px"),
        ],
        rows=[_row(row, context) for row in steps],
    )
    return CardState(heading(steps, context), note(steps[0], results[1].rows[0]["sessions"]), body=body, table=table)


def note(first: Row, sessions: int) -> str:
    """Return the rule of the steps, and how many sessions are not in the funnel because they lack its first step."""
    outside = sessions - first["reached"]
    if not outside:
        return NOTE
    return f"{NOTE} {part_of(outside, sessions)} sessions did not reach {first['step']}: shares leave them out."


def _row(row: Row, context: Context) -> BodyRow:
    went_on = f"{rate(row['completion_rate'])} go on, {count(row['abandonments'])} leave"
    bar = Cell(meter=row["share_of_first"] or 0)
    if row["completion_rate"] is not None:
        bar["sub"] = went_on
    chosen = row["step"] in {step.name for step in (*context.filters.reached[:1], *context.filters.missed[:1])}
    return BodyRow(
        kind="selected" if chosen else "",
        cells=[
            Cell(text=row["step"], action=Action(step=row["step"]), title=STEP_TITLE.format(row["step"])),
            bar,
            Cell(text=count(row["reached"]), bold=True, title=exact(row["reached"])),
            Cell(text=rate(row["share_of_first"]), tone="muted"),
        ],
    )


def heading(steps: Sequence[Row], context: Context) -> str:
    """Return the shares that leave at the first and at the last step: 82 % leave before a fifth page; 83 % of ..."""
    following = context.funnel.steps
    if not steps[0]["reached"]:
        return "No session entered the funnel"
    losing = [place for place, row in enumerate(steps[:-1]) if row["abandonments"]]
    if not losing:
        return "Every session that entered went on to the end"
    first = losing[0]
    said = f"{share(steps[first]['abandonment_rate'])} {leaving(following[first + 1])}"
    last = losing[-1]
    if last == first:
        return said
    who = f"{share(steps[last]['abandonment_rate'])} of {sessions_at(following[last])}"
    return f"{said}; {who} {leaving(following[last + 1])}"


CHART = Card("steps", LABEL, needs, update, renderer="rows", span=5, height=230)
