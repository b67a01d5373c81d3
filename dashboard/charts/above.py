"""What buys above average: values above their peers, and combinations above what their parts predict."""

from collections.abc import Sequence

from dashboard.cards import Card, CardState, Context
from dashboard.charts.findings import needs
from dashboard.charts.standing import listed
from queries.engine import Result
from queries.findings.finding import Register
from queries.judged import found_of


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the values and combinations that buy above average."""
    register: Register = found_of(results[0])
    said = "Worth a trial with more budget." if register.above else ""
    return listed(register.above, "Nobody buys clearly above average", "above average", said)


CHART = Card("above", "Buys above average", needs, update, renderer="rows", span=6, height=180, slow=True)
