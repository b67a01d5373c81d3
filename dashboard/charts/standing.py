"""Standing differences: single values that buy less than similar visitors, as always; no finding, and no money."""

from collections.abc import Sequence

from dashboard.body import Action, Cell, Row, Table, TableColumn
from dashboard.cards import Card, CardState, Context, TableTwin
from dashboard.charts.findings import LANDS_ON, capital, needs, numbered
from dashboard.charts.segments import can_filter, segment_pairs
from dashboard.charts.words import part_of
from dashboard.findings import Nothing
from dashboard.format import count, exact, expected
from queries.engine import Result
from queries.findings.finding import Difference, Register
from queries.judged import found_of


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return single values that buy less than similar visitors, as always: no finding, and no money."""
    register: Register = found_of(results[0])
    rows = [each for each in register.standing if not each.same_as]
    same = len(register.standing) - len(rows)
    said = "As it has been on all days: a difference, not a loss that began." if rows else ""
    more = f" {capital(numbered(same))} more {'is' if same == 1 else 'are'} a finding above." if same else ""
    return listed(rows, "Nobody buys less than similar visitors", "less than similar visitors", f"{said}{more}")


def listed(rows: Sequence[Difference], none: str, what: str, said: str) -> CardState:
    """Return differences as a table of names and orders; `none` is the heading where there are none."""
    heading = f"{capital(numbered(len(rows)))} group{'' if len(rows) == 1 else 's'} buy{'s' * (len(rows) == 1)} {what}"
    if not rows:
        return CardState(none, said, body={"nothing": Nothing(icon="search", text="None was found in all sessions.")})
    columns = [
        TableColumn(label="Who"),
        TableColumn(label="Orders", align="right"),
        TableColumn(label="Expected", align="right", hide_narrow=True),
        TableColumn(label=f"Difference {rows[0].period}", align="right"),
    ]
    drawn = [Row(cells=_cells(each)) for each in rows]
    lines = tuple(
        (each.name, segment_pairs(each.segment), part_of(each.counts.orders, each.counts.sessions),
         f"{each.expected:,.1f}", _orders(each))
        for each in rows
    )  # fmt: skip
    table = TableTwin(
        heading, ("Who", "Group", "Orders", "Expected", "Difference"), lines, (False, False, True, True, True)
    )
    return CardState(heading, said, body=Table(caption=heading, columns=columns, rows=drawn, dense=True), table=table)


def _cells(each: Difference) -> list[Cell]:
    name = Cell(text=each.name)
    if can_filter(each.segment):
        name["action"] = Action(where=dict(each.segment), view=LANDS_ON)
    low, high = each.orders_a_month.low, each.orders_a_month.high
    return [
        name,
        Cell(text=count(each.counts.orders), title=part_of(each.counts.orders, each.counts.sessions)),
        Cell(text=expected(each.expected), title=exact(round(each.expected, 1))),
        Cell(text=_orders(each), title=f"{expected(low)} to {expected(high)}"),
    ]


def _orders(each: Difference) -> str:
    return f"{expected(each.orders_a_month.median)} orders {'more' if each.above else 'fewer'}"


CHART = Card("standing", "Standing differences", needs, update, renderer="rows", span=6, height=180, slow=True)
