"""One finding about the data itself: its verdict, its days, and what was found where how much was expected."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from queries.filters import Filters

Verdict = Literal["probable tracking break", "cannot tell", "missing"]
VERDICTS: tuple[Verdict, ...] = ("probable tracking break", "cannot tell", "missing")
Kind = Literal[
    "missing", "not exported", "vanished", "no orders", "thin", "not set", "shares", "measure", "revenue", "scale",
    "steps", "provisional",
]  # fmt: skip
Row = Mapping[str, Any]
Days = Mapping[dt.date, float]

WINDOW = 28
"""So many earlier days with data say what is usual."""


@dataclass(frozen=True, slots=True)
class Check:
    """Hold one finding about the data: what, on which days, what there was and what was expected.

    `value` of `dimension` is what it is about (both empty: all sessions; for "not exported", `dimension` holds the
    names of the columns). `found` and `expected` are in the unit of the kind: sessions ("vanished", "thin", "shares"),
    converted sessions ("no orders"), a share ("not set", "revenue", "steps"), a mean ("measure", "scale"). `taken_by`
    is the value under which the missing sessions turned up: `taken`, where `taken_before` were on the last usual day.
    `chance` is the probability of so little by chance, where it was reckoned. `also` are those who tell of the same
    sessions by another dimension: (dimension, value, taken_by).
    """

    kind: Kind
    verdict: Verdict
    first: dt.date
    last: dt.date
    dimension: str = ""
    value: str = ""
    found: float = 0.0
    expected: float = 0.0
    before: float | None = None
    taken_by: str = ""
    taken: float = 0.0
    taken_before: float | None = None
    chance: float | None = None
    sessions: float = 0.0
    usual_sessions: float | None = None
    also: tuple[tuple[str, str, str], ...] = ()

    @property
    def values(self) -> frozenset[tuple[str, str]]:
        """Return the values that it touches, each with its dimension: who lost the sessions, and who took them."""
        told = ((self.dimension, self.value, self.taken_by), *self.also)
        return frozenset((dimension, value) for dimension, *both in told for value in both if value)

    def touches(self, filters: Filters) -> bool:
        """Say whether any of its days is among those that filters ask for and do not leave out."""
        length = (self.last - self.first).days + 1
        return any(filters.asks_for(self.first + dt.timedelta(days=number)) for number in range(length))
