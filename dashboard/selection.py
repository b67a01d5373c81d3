"""The state of one viewer: what is looked at, in which funnel, how each card is set; to and from the URL."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import param

from queries.filters import Filters
from queries.funnel import ENGAGEMENT, FUNNELS, Funnel
from queries.vocabulary import DIMENSIONS

EXCLUDED = "not."
MOST_VALUES = 200
LONGEST_VALUE = 500

Settings = Mapping[str, tuple[tuple[str, ...], str]]
"""The controls that exist: "<card>.<setting>" -> (options, default)."""

Wanted = Mapping[str, tuple[str, ...]]


class Selection(param.Parameterized):
    """Hold all that one viewer has chosen; every other part of the page follows it.

    `include` and `exclude` map a dimension to its values, in the order they were chosen. `settings` holds only what
    differs from the defaults. `theme` "" follows the reader's system.
    """

    date_from = param.CalendarDate(
        default=None, allow_None=True, doc="First day, inclusive; None for the first there is."
    )
    date_to = param.CalendarDate(default=None, allow_None=True, doc="Last day, inclusive; None for the last there is.")
    include = param.Dict(default={}, doc="Wanted values per dimension.")
    exclude = param.Dict(default={}, doc="Unwanted values per dimension.")
    funnel_name = param.Selector(default=ENGAGEMENT.name, objects=[funnel.name for funnel in FUNNELS])
    settings = param.Dict(default={}, doc="Chosen options of the cards' own controls.")
    theme = param.Selector(default="", objects=["", "light", "dark"])

    def __init__(self, known_settings: Settings | None = None, **chosen: Any) -> None:
        """Start with everything selected; `known_settings` are the controls that the page's cards have."""
        super().__init__(**chosen)
        self._known = dict(known_settings or {})

    @property
    def filters(self) -> Filters:
        """Return what the engine needs to know of this selection."""
        return Filters.of(self.date_from, self.date_to, self.include, self.exclude)

    @property
    def funnel(self) -> Funnel:
        """Return the chosen funnel."""
        return next(funnel for funnel in FUNNELS if funnel.name == self.funnel_name)

    def setting(self, card: str, name: str) -> str:
        """Return the chosen option of one control of a card, or its default."""
        key = f"{card}.{name}"
        return self.settings.get(key, self._known[key][1])

    def choose_setting(self, card: str, name: str, option: str) -> None:
        """Choose an option of a control; anything that does not exist is ignored, since the browser may send it."""
        key = f"{card}.{name}"
        options, default = self._known.get(key, ((), ""))
        if option in options:
            others = {known: chosen for known, chosen in self.settings.items() if known != key}
            self.settings = others if option == default else {**others, key: option}

    def choose_dates(self, first: dt.date | None, last: dt.date | None) -> None:
        """Choose a range of days; two dates in the wrong order are swapped."""
        if first and last and last < first:
            first, last = last, first
        self.param.update(date_from=first, date_to=last)

    def toggle(self, dimension: str, value: str, *, additive: bool = False, exclude: bool = False) -> None:
        """Filter to one value, or stop doing so when it is the only one; `additive` adds or removes it among others."""
        if dimension not in DIMENSIONS:
            return
        kept, other = ("exclude", "include") if exclude else ("include", "exclude")
        now = getattr(self, kept).get(dimension, ())
        if additive or exclude:
            values = tuple(old for old in now if old != value) if value in now else (*now, value)
        else:
            values = () if now == (value,) else (value,)
        opposite = tuple(old for old in getattr(self, other).get(dimension, ()) if old != value)
        self.param.update({
            kept: _with(getattr(self, kept), dimension, values),
            other: _with(getattr(self, other), dimension, opposite),
        })  # fmt: skip

    def remove(self, dimension: str, *, exclude: bool = False) -> None:
        """Take the filter off one dimension."""
        name = "exclude" if exclude else "include"
        self.param.update({name: _with(getattr(self, name), dimension, ())})

    def reset(self) -> None:
        """Select everything again; the funnel, the cards' settings and the theme stay."""
        self.param.update(date_from=None, date_to=None, include={}, exclude={})

    def to_query(self) -> str:
        """Return the selection as a URL query ("?country=US&from=2017-07-05"), empty when nothing is chosen."""
        pairs: list[tuple[str, str]] = []
        pairs += [(name, day.isoformat()) for name, day in (("from", self.date_from), ("to", self.date_to)) if day]
        for prefix, wanted in (("", self.include), (EXCLUDED, self.exclude)):
            pairs += [(prefix + dimension, value) for dimension, values in sorted(wanted.items()) for value in values]
        if self.funnel_name != ENGAGEMENT.name:
            pairs.append(("funnel", self.funnel_name))
        pairs += sorted(self.settings.items())
        if self.theme:
            pairs.append(("theme", self.theme))
        return f"?{urlencode(pairs)}" if pairs else ""

    def load_query(self, query: str) -> None:
        """Take the whole state from a URL query; what is unknown or malformed is left out: anyone can write a URL."""
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=False, errors="replace")
        single = dict(pairs)
        first, last = _day(single.get("from")), _day(single.get("to"))
        if first and last and last < first:
            first, last = last, first
        funnel = single.get("funnel", "")
        theme = single.get("theme", "")
        self.param.update(
            date_from=first,
            date_to=last,
            include=_wanted(pairs, ""),
            exclude=_wanted(pairs, EXCLUDED),
            funnel_name=funnel if funnel in self.param.funnel_name.objects else ENGAGEMENT.name,
            settings={key: option for key, option in single.items() if self._differs(key, option)},
            theme=theme if theme in self.param.theme.objects else "",
        )

    def _differs(self, key: str, option: str) -> bool:
        options, default = self._known.get(key, ((), ""))
        return option in options and option != default


def _with(wanted: Wanted, dimension: str, values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    kept = dict(wanted)
    if values:
        kept[dimension] = values
    else:
        kept.pop(dimension, None)
    return kept


def _wanted(pairs: Iterable[tuple[str, str]], prefix: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        dimension = key.removeprefix(prefix)
        if key.startswith(prefix) and dimension in DIMENSIONS and len(value) <= LONGEST_VALUE:
            values = found.setdefault(dimension, [])
            if value not in values and len(values) < MOST_VALUES:
                values.append(value)
    return {dimension: tuple(values) for dimension, values in found.items()}


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
