"""What part of the sessions a question is about."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from queries.funnel import Step
from queries.vocabulary import DIMENSIONS


class FilterError(ValueError):
    """Say which filter cannot be used, and what can."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Hold a date range and the wanted and unwanted values of dimensions; hashable, so that results can be cached.

    Dates are inclusive days of the property; `include` and `exclude` are sorted (dimension, values) pairs. `reached`
    holds a funnel's step and those after it: a session passes that meets one of them; `missed`: one that meets none.
    """

    date_from: dt.date | None = None
    date_to: dt.date | None = None
    include: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reached: tuple[Step, ...] = ()
    missed: tuple[Step, ...] = ()

    @classmethod
    def of(
        cls,
        date_from: dt.date | None = None,
        date_to: dt.date | None = None,
        include: Mapping[str, Iterable[str]] | None = None,
        exclude: Mapping[str, Iterable[str]] | None = None,
    ) -> Self:
        """Build filters from mappings of dimension to values; empty value lists are no filter.

        Raises FilterError for a name that is no dimension and for a range that ends before it starts.
        """
        if date_from and date_to and date_to < date_from:
            raise FilterError(f"the date range ends on {date_to}, before it starts on {date_from}: swap the two dates")
        return cls(date_from, date_to, _pairs(include or {}), _pairs(exclude or {}))

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

    def values(self, dimension: str) -> tuple[str, ...]:
        """Return the wanted values of one dimension; empty when it is not filtered."""
        return dict(self.include).get(dimension, ())

    @property
    def is_empty(self) -> bool:
        """Say whether every session passes."""
        return not (self.date_from or self.date_to or self.include or self.exclude or self.reached or self.missed)

    def as_json(self) -> dict:
        """Return plain JSON: `{"from", "to", "where": {dimension: [values]}, "where_not": {...}}`.

        A filter on a funnel step adds `"reached"` or `"not_reached"`, the step's name.
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
        }


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
