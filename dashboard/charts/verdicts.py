"""All data checks with their verdicts, for the data quality view.

Text on the page: each is a sentence with its own unit (sessions, shares, means, money), and no two share an axis, so
that there is no figure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.cards import Card, CardState, Context, Need
from dashboard.charts.check_words import notices_of, sound_sentence
from dashboard.charts.checks import NEED, clean, heading, twin
from dashboard.charts.words import counted_days
from dashboard.findings import Notices
from queries.check import Check
from queries.engine import Result
from queries.judged import found_of

NOTE = (
    "Each day is compared with up to 28 days before it, over all sessions of the store. A probable tracking break "
    "has a sharp "
    "onset and does what traffic cannot do; where the same could be real, it cannot be told. Transaction ids are "
    "not kept, so "
    "orders counted twice within one export are not seen."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the data checks of the shown days."""
    return (NEED,)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return every notice, the gravest first."""
    checks: Sequence[Check] = found_of(results[0]) or []
    notices = notices_of(checks, counted_days(context))
    body = Notices(items=notices, wide=True)
    if not notices:
        body["nothing"] = clean(context)
    sound = f"{sound_sentence(checks)} " if notices else ""
    return CardState(heading(len(notices), context), sound + NOTE, body=body, table=twin(checks))


CHART = Card("verdicts", "Data checks", needs, update, renderer="notices", span=12, height=140, slow=True)
