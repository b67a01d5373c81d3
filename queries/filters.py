"""What part of the sessions a question is about."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from queries.funnel import Step
from queries.vocabulary import DIMENSIONS


class FilterError(ValueError):
    """Say which filter cannot be used, and what can."""


Span = tuple[dt.date, dt.date]
"""A first and a last day, both inclusive."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Hold a date range and the wanted and unwanted values of dimensions; hashable, so that results can be cached.

    Dates are inclusive days of the property; `left_out` are spans of days within them that are not looked at.
    `include` and `exclude` are sorted (dimension, values) pairs. `reached` holds a funnel's step and those after it: a
    session passes that meets one of them; `missed`: one that meets none.
    """

    date_from: dt.date | None = None
    date_to: dt.date | None = None
    include: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reached: tuple[Step, ...] = ()
    missed: tuple[Step, ...] = ()
    left_out: tuple[Span, ...] = ()

    @classmethod
    def of(
        cls,
        date_from: dt.date | None = None,
        date_to: dt.date | None = None,
        include: Mapping[str, Iterable[str]] | None = None,
        exclude: Mapping[str, Iterable[str]] | None = None,
        left_out: Iterable[Span] = (),
    ) -> Self:
        """Build filters from mappings of dimension to values; empty value lists are no filter, spans may overlap.

        Raises FilterError for a name that is no dimension and for a range that ends before it starts.
        """
        if date_from and date_to and date_to < date_from:
            raise FilterError(f"the date range ends on {date_to}, before it starts on {date_from}: swap the two dates")
        return cls(date_from, date_to, _pairs(include or {}), _pairs(exclude or {}), left_out=merged(left_out))

    def without(self, dimension: str) -> Self:
        """Return the same filters without those on one dimension (for the chart that shows it)."""
        return replace(
            self,
            include=tuple(pair for pair in self.include if pair[0] != dimension),
            exclude=tuple(pair for pair in self.exclude if pair[0] != dimension),
        )

    def without_steps(self) -> Self:
        """Return the same filters without those on funnel steps (for the chart that shows them)."""
        return replace(self, reached=(), missed=())

    def on_days(self, date_from: dt.date | None, date_to: dt.date | None) -> Self:
        """Return the same filters on other days; what is left out stays so where it lies within them."""
        inside = tuple(
            (first, last)
            for first, last in self.left_out
            if (date_to is None or first <= date_to) and (date_from is None or last >= date_from)
        )
        return replace(self, date_from=date_from, date_to=date_to, left_out=inside)

    def asks_for(self, day: dt.date) -> bool:
        """Say whether a day is asked for and not left out."""
        inside = (not self.date_from or self.date_from <= day) and (not self.date_to or day <= self.date_to)
        return inside and not self.leaves_out(day)

    def leaves_out(self, day: dt.date) -> bool:
        """Say whether a day is among those left out."""
        return any(first <= day <= last for first, last in self.left_out)

    @property
    def has_days(self) -> bool:
        """Say whether any day is asked for or left out."""
        return bool(self.date_from or self.date_to or self.left_out)

    def values(self, dimension: str) -> tuple[str, ...]:
        """Return the wanted values of one dimension; empty when it is not filtered."""
        return dict(self.include).get(dimension, ())

    @property
    def is_empty(self) -> bool:
        """Say whether every session passes."""
        return not (self.has_days or self.include or self.exclude or self.reached or self.missed)

    def as_json(self) -> dict:
        """Return plain JSON: `{"from", "to", "where": {dimension: [values]}, "where_not": {...}}`.

        A filter on a funnel step adds `"reached"` or `"not_reached"`, the step's name; days left out add `"left_out"`,
        pairs of a first and a last day.
        """
        steps = {
            name: steps[0].name for name, steps in (("reached", self.reached), ("not_reached", self.missed)) if steps
        }
        return {
            "from": self.date_from.isoformat() if self.date_from else None,
            "to": self.date_to.isoformat() if self.date_to else None,
            "where": {dimension: list(values) for dimension, values in self.include},
            "where_not": {dimension: list(values) for dimension, values in self.exclude},
            **steps,
            **({"left_out": [[day.isoformat() for day in span] for span in self.left_out]} if self.left_out else {}),
        }


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans in order of their days, those that touch or overlap as one; a reversed one is turned."""
    found: list[Span] = []
    for first, last in sorted((min(span), max(span)) for span in spans):
        if found and first.toordinal() <= found[-1][1].toordinal() + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _pairs(wanted: Mapping[str, Iterable[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = []
    for dimension, values in sorted(wanted.items()):
        check_dimension(dimension)
        if chosen := tuple(sorted({str(value) for value in values})):
            pairs.append((dimension, chosen))
    return tuple(pairs)


def check_dimension(name: str) -> str:
    """Return the name if it is a dimension; raise FilterError with the list of dimensions otherwise."""
    if name not in DIMENSIONS:
        raise FilterError(f'"{name}" is not a dimension; choose one of: {", ".join(DIMENSIONS)}')
    return name
