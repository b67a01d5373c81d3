"""What one drawing of the trend shows: its periods, their places and the height of the figure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from dashboard.charts.trend_periods import Period, places_of, stand_beside
from dashboard.charts.trend_words import LINE_FROM
from dashboard.periods import Days

LABELLED = 8
BELOW, ABOVE, LINE, HIGH = -0.62, 1.04, 0.14, 0.9
"""Of the highest value: the bars' floor, the marks' ceiling, a line of words, and from where it reaches above."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Hold what one drawing shows: periods, compared periods with their places, the height, and days worth a word.

    `focus` are the days that were clicked; the other periods stand back. `step` is where the rate changed by more than
    chance, if it did: the first day after it, the rate before and the rate since.
    """

    shown: Sequence[Period]
    before: Sequence[Period]
    top: float
    notes: Sequence[tuple[dt.date, str]] = ()
    places: Sequence[float] = field(default=())
    focus: Days | None = None
    step: tuple[dt.date, float, float] | None = None

    def stands_back(self, period: Period) -> bool:
        """Say whether other periods than this one were clicked."""
        focus = self.focus
        return focus is not None and (period.last < focus.first or period.first > focus.last)

    @property
    def beside(self) -> bool:
        """Say whether the compared periods stand on the axis before the shown ones."""
        return stand_beside(self.before, self.shown)

    @property
    def standing(self) -> Sequence[Period]:
        """Return the periods that have a place of their own on the axis, in order."""
        return [*self.beside_before, *self.shown]

    @property
    def beside_before(self) -> Sequence[Period]:
        """Return the compared periods that stand before the shown ones."""
        return self.before if self.beside else ()

    @property
    def laid(self) -> Sequence[tuple[Period, float]]:
        """Return the compared periods that have a place on the axis, with it."""
        both = zip(self.before, self.places, strict=True)
        return [(period, x) for period, x in both if self.start <= x <= self.end]

    @property
    def labelled(self) -> bool:
        """Say whether there is room for a word at each mark."""
        return len(self.shown) + (len(self.before) if self.beside else 0) <= LABELLED

    @property
    def dense(self) -> bool:
        """Say whether a line and a band are drawn in place of dots with whiskers."""
        return len(self.shown) >= LINE_FROM

    @property
    def start(self) -> float:
        """Return the left end of the x axis."""
        first = self.before[0] if self.beside else self.shown[0]
        return first.x - first.width / 2

    @property
    def end(self) -> float:
        """Return the right end of the x axis."""
        return self.shown[-1].x + self.shown[-1].width / 2

    @property
    def ceiling(self) -> float:
        """Return the upper end of the y axis: room for the words above the periods where there are two."""
        return self.words_from + (LINE * self.top if self.beside or self.notes else 0)

    @property
    def words_from(self) -> float:
        """Return where the words above the periods begin: above the rates at the marks, where these are high."""
        shown = [*self.shown, *(self.before if self.beside else ())]
        high = self.labelled and any((period.interval[1] or 0) > HIGH * self.top for period in shown)
        return (ABOVE + (LINE if high else 0)) * self.top

    def is_cut(self, period: Period) -> bool:
        """Say whether the interval of a period goes on above the scale."""
        return (period.interval[1] or 0) > self.top


def scene_of(
    shown: Sequence[Period],
    before: Sequence[Period],
    top: float,
    notes: Sequence[tuple[dt.date, str]],
    focus: Days | None = None,
    step: tuple[dt.date, float, float] | None = None,
) -> Scene:
    """Return the scene with the places of the compared periods."""
    return Scene(shown, before, top, notes, places_of(before, shown) if before else (), focus, step)
