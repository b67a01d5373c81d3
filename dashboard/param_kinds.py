"""Kinds of params: what may be given for values, days and positions, and what it becomes."""

import datetime as dt
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import param
from param.parameterized import instance_descriptor

from dashboard.links import LONGEST_VALUE
from dashboard.periods import Days, is_relative
from queries.filters import Span, check_dimension, merged
from queries.vocabulary import DIMENSIONS

Ends = tuple[dt.date | None, dt.date | None]
"""A first and a last day, both inclusive; None for an open end."""


class Values(param.List):
    """Wanted values of one dimension, each once: takes a list, a tuple, one text, or None for all values."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep the values as a list."""
        super().__set__(obj, values_of(self.name, given))


class Unwanted(param.Dict):
    """Unwanted values of dimensions: takes a mapping of dimension to values."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep the values as tuples; a dimension without values is dropped."""
        if not isinstance(given, Mapping):
            raise ValueError(f'{self.name} = {given!r} is no mapping: give one such as {{"country": ["US"]}}')
        values = {check_dimension(name): tuple(values_of(name, each)) for name, each in given.items()}
        super().__set__(obj, {name: each for name, each in values.items() if each})


class Dates(param.Parameter):
    """A first and a last day: takes days, datetimes or ISO text; None for an open end, or for all days."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep two days in order, or None."""
        ends = ends_of(self.name, given)
        super().__set__(obj, None if ends == (None, None) else ends)


class Period(param.String):
    """The name of days that move with the store, or an empty text."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep a name that stands for days."""
        if not isinstance(given, str) or (given and not is_relative(given)):
            raise ValueError(f"{self.name} = {given!r} names no days: use last-28, this-month or last-month")
        super().__set__(obj, given)


class FullDays(param.ClassSelector):
    """Days without an open end: takes `Days`, or a first and a last day."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep `Days`, or None."""
        super().__set__(obj, None if given is None else Days(*_span_of(self.name, given)))


class Spans(param.ClassSelector):
    """Several spans of days: takes `Days`, or pairs of a first and a last day."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep pairs of days in order; spans that touch become one."""
        super().__set__(obj, merged([_span_of(self.name, each) for each in given or ()]))


class Positions(param.ClassSelector):
    """Positions in a list, from 1: takes whole numbers."""

    @instance_descriptor
    def __set__(self, obj: Any, given: Any) -> None:
        """Keep each position once, in order."""
        positions = tuple(given or ())
        if not all(isinstance(place, int) and place > 0 for place in positions):
            raise ValueError(f"{self.name} = {given!r} are no positions: give whole numbers from 1, such as (1, 3, 4)")
        super().__set__(obj, tuple(sorted(set(positions))))


def is_value(text: Any) -> bool:
    """Say whether a dimension can have this value and a link can say it."""
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_VALUE:
        return False
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def values_of(name: str | None, given: Any) -> list[str]:
    """Return values as a list, each once. Raises ValueError for anything but texts that a link can say."""
    values = [] if given is None else [given] if isinstance(given, str) else given
    if not isinstance(values, list | tuple):
        raise ValueError(f'{name} = {given!r} are no values: give a list of texts, such as {name}=["US"]')
    for value in values:
        if not is_value(value):
            remedy = f"give texts of 1 to {LONGEST_VALUE} characters; a missing value is called “(not set)”"
            raise ValueError(f"{name} has {value!r} among its values: {remedy}")
    return list(dict.fromkeys(values))


def wanted_values(include: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of every dimension, empty for those that a mapping does not name. Raises ValueError."""
    wanted = {check_dimension(name): values_of(name, values) for name, values in include.items()}
    return {name: wanted.get(name, []) for name in DIMENSIONS}


def ends_of(name: str | None, given: Any) -> Ends:
    """Return a first and a last day in order. Raises ValueError for anything else."""
    if given is None:
        return None, None
    try:
        first, last = (given.first, given.last) if isinstance(given, Days) else given
        first, last = _day(first), _day(last)
    except (TypeError, ValueError):
        example = f'{name}=("2026-09-01", "2026-10-31")'
        raise ValueError(f"{name} = {given!r} are no days: give a first and a last day, such as {example}") from None
    return (last, first) if first and last and last < first else (first, last)


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for a keyword that does not exist, with those that come close."""
    known = sorted(known)
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, 3)
            raise TypeError(
                f'a selection has no "{name}": '
                + (f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(known)}")
            )


def _span_of(name: str | None, given: Any) -> Span:
    first, last = ends_of(name, given)
    if first is None or last is None:
        raise ValueError(f"{name} = {given!r} has an open end: give both its first and its last day")
    return first, last


def _day(given: Any) -> dt.date | None:
    if isinstance(given, str):
        given = dt.datetime.fromisoformat(given)
    if isinstance(given, dt.datetime):
        return given.date()
    if given is not None and not isinstance(given, dt.date):
        raise TypeError
    return given
