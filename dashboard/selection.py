"""The state of one viewer: what is looked at, in which funnel, how each card is set; to and from the URL."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import param

from dashboard.broken_links import left_out
from dashboard.cards import SHARED_SETTINGS
from dashboard.links import (
    EXCLUDED,
    ON,
    comparison_in,
    day_in,
    focus_in,
    left_out_in,
    positions_in,
    unwanted_in,
    wanted_in,
)
from dashboard.periods import CUSTOM, MODES, PREVIOUS, Days, is_relative, relative_days
from queries.filters import Filters, merged
from queries.funnel import ENGAGEMENT, FUNNELS, Funnel
from queries.vocabulary import DIMENSIONS

STEP = "step"
"""Stands in a link, and in a chip, for the name of a dimension."""

Settings = Mapping[str, tuple[tuple[str, ...], str]]
"""The controls that exist: "<card>.<setting>" -> (options, default)."""

Wanted = Mapping[str, tuple[str, ...]]


class Selection(param.Parameterized):
    """Hold all that one viewer has chosen; every other part of the page follows it.

    `include` and `exclude` map a dimension to its values, in the order they were chosen. `period` names days that move
    with the store, such as "last-28", in place of the two dates; they are counted within `span`, the store's first and
    last day, None until they are known. `focus` are days within them, `step` a step of the funnel, that were clicked in
    a chart. `settings` holds only what differs from the defaults. `steps` are the chosen positions of the funnel's
    steps from 1, () for all of them. `compare` is a mode of `periods`, `compared_days` those of mode "custom". `theme`
    "" follows the reader's system.
    """

    view = param.String(default="", doc="Name of the shown view; empty for the first.")
    date_from = param.CalendarDate(
        default=None, allow_None=True, doc="First day, inclusive; None for the first there is."
    )
    date_to = param.CalendarDate(default=None, allow_None=True, doc="Last day, inclusive; None for the last there is.")
    period = param.String(default="", doc="Name of days relative to the store's last one; empty for fixed days.")
    focus = param.ClassSelector(class_=Days, default=None, allow_None=True, doc="Days clicked in a chart.")
    include = param.Dict(default={}, doc="Wanted values per dimension.")
    exclude = param.Dict(default={}, doc="Unwanted values per dimension.")
    compare = param.Selector(default=PREVIOUS, objects=list(MODES))
    compared_days = param.ClassSelector(class_=Days, default=None, allow_None=True)
    funnel_name = param.String(default=ENGAGEMENT.name)
    steps = param.ClassSelector(class_=tuple, default=(), doc="Positions of the chosen steps; empty for all.")
    left_out = param.ClassSelector(class_=tuple, default=(), doc="Spans of days that are not looked at.")
    step = param.String(default="", doc="Name of the step of the funnel that sessions reached; empty for any.")
    missed_step = param.Boolean(default=False, doc="Whether sessions are wanted that did not reach it.")
    settings = param.Dict(default={}, doc="Chosen options of the cards' own controls.")
    theme = param.Selector(default="", objects=["", "light", "dark"])

    def __init__(
        self,
        known_settings: Settings | None = None,
        views: Iterable[str] = (),
        funnels: Iterable[Funnel] = FUNNELS,
        **chosen: Any,
    ) -> None:
        """Start with everything selected, in the first funnel; settings, views and funnels are those that exist."""
        self.funnels = tuple(funnels)
        super().__init__(**{"funnel_name": self.funnels[0].name, **chosen})
        self._known = {**SHARED_SETTINGS, **(known_settings or {})}
        self._views = tuple(views)
        self.span: Days | None = None
        self.unread: list[str] = []

    @property
    def dates(self) -> tuple[dt.date | None, dt.date | None]:
        """Return the first and the last day to look at, None for an open end: those clicked in a chart, else chosen."""
        return (self.focus.first, self.focus.last) if self.focus else self.chosen_dates

    @property
    def chosen_dates(self) -> tuple[dt.date | None, dt.date | None]:
        """Return the days chosen in the filter bar, None for an open end; a relative period as the days it is now."""
        days = relative_days(self.period, self.span) if self.period and self.span else None
        return (days.first, days.last) if days else (self.date_from, self.date_to)

    @property
    def filters(self) -> Filters:
        """Return what the engine needs to know of this selection."""
        filters = Filters.of(None, None, self.include, self.exclude, self.left_out).on_days(*self.dates)
        names = [step.name for step in self.funnel.steps]
        steps = self.funnel.steps[names.index(self.step) :] if self.step in names else ()
        return replace(filters, missed=steps) if self.missed_step else replace(filters, reached=steps)

    @property
    def funnel(self) -> Funnel:
        """Return the chosen funnel with the chosen steps."""
        funnel = self.whole_funnel
        chosen = tuple(funnel.steps[position - 1] for position in self.steps if position <= len(funnel.steps))
        return Funnel(funnel.name, chosen) if len(chosen) > 1 else funnel

    @property
    def whole_funnel(self) -> Funnel:
        """Return the chosen funnel with all its steps."""
        return next((funnel for funnel in self.funnels if funnel.name == self.funnel_name), self.funnels[0])

    def setting(self, card: str, name: str) -> str:
        """Return the chosen option of one control of a card: its own, that of the whole page, or its default."""
        key = f"{card}.{name}"
        options, default = self._known[key]
        shared = self.settings.get(name, "")
        return self.settings.get(key, shared if shared in options else default)

    def shared_setting(self, name: str) -> str:
        """Return the option chosen for all cards, empty where each card has its own default."""
        return self.settings.get(name, "")

    def choose_view(self, name: str) -> None:
        """Show a view; one that does not exist is ignored."""
        if name in self._views:
            self.view = "" if name == self._views[0] else name

    def choose_comparison(self, mode: str, first: dt.date | None = None, last: dt.date | None = None) -> None:
        """Choose what the shown days are compared with; the two days belong to mode "custom"."""
        if mode not in MODES or (mode == CUSTOM and not (first and last)):
            return
        days = Days(min(first, last), max(first, last)) if mode == CUSTOM and first and last else None
        self.param.update(compare=mode, compared_days=days)

    def choose_funnel(self, name: str, steps: Iterable[int] = ()) -> None:
        """Choose a funnel and the positions of its steps; fewer than two, or all of them, mean all."""
        funnel = next((funnel for funnel in self.funnels if funnel.name == name), None)
        if funnel:
            kept = self.step if name == self.funnel_name else ""
            self.param.update(funnel_name=name, steps=positions_in(steps, len(funnel.steps)), step=kept)

    def toggle_step(self, name: str, *, exclude: bool = False) -> None:
        """Filter to the sessions that reached a step of the funnel, or did not, or stop doing so."""
        if any(step.name == name for step in self.whole_funnel.steps):
            again = (name, exclude) == (self.step, self.missed_step)
            self.param.update(step="" if again else name, missed_step=exclude and not again)

    def choose_setting(self, card: str, name: str, option: str) -> None:
        """Choose an option of a control; anything that does not exist is ignored, since the browser may send it.

        Without a card it is chosen for all cards, and their own choices of that name are dropped.
        """
        key = f"{card}.{name}" if card else name
        options, default = self._known.get(key, ((), ""))
        if not card and key in SHARED_SETTINGS and (option in options or not option):
            own = {k: chosen for k, chosen in self.settings.items() if k != name and not k.endswith(f".{name}")}
            self.settings = {**own, name: option} if option else own
        elif option in options:
            others = {known: chosen for known, chosen in self.settings.items() if known != key}
            stays = option == default and not self.settings.get(name)
            self.settings = others if stays else {**others, key: option}

    def choose_dates(self, first: dt.date | None, last: dt.date | None) -> None:
        """Choose a range of days; two dates in the wrong order are swapped."""
        if first and last and last < first:
            first, last = last, first
        self.param.update(date_from=first, date_to=last, period="", focus=None)

    def choose_period(self, name: str) -> None:
        """Choose days that move with the store; a name that stands for none is ignored."""
        if is_relative(name):
            self.param.update(date_from=None, date_to=None, period=name, focus=None)

    def toggle_days(self, days: Days | None) -> None:
        """Filter to some of the chosen days, or stop doing so when it is them already."""
        self.focus = None if days == self.focus else days

    def leave_out(self, days: Days) -> None:
        """Look at all but some days; they are no longer those clicked in a chart."""
        focus = None if self.focus and days.first <= self.focus.first and self.focus.last <= days.last else self.focus
        self.param.update(left_out=merged([*self.left_out, (days.first, days.last)]), focus=focus)

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

    def choose_where(self, where: Mapping[str, str]) -> None:
        """Filter to one value in each of several dimensions; other dimensions keep their filters."""
        wanted = {dimension: (value,) for dimension, value in where.items() if dimension in DIMENSIONS}
        unwanted = {dimension: values for dimension, values in self.exclude.items() if dimension not in wanted}
        self.param.update(include={**self.include, **wanted}, exclude=unwanted)

    def switch(self, dimension: str) -> None:
        """Turn the wanted values of a dimension into unwanted ones, or the reverse."""
        wanted, unwanted = self.include.get(dimension, ()), self.exclude.get(dimension, ())
        self.param.update(
            include=_with(self.include, dimension, unwanted), exclude=_with(self.exclude, dimension, wanted)
        )

    def remove(self, dimension: str, *, exclude: bool = False) -> None:
        """Take the filter off one dimension."""
        name = "exclude" if exclude else "include"
        self.param.update({name: _with(getattr(self, name), dimension, ())})

    def reset(self) -> None:
        """Select everything again; the view, the funnel, the cards' settings and the theme stay."""
        everything: dict[str, Any] = {"date_from": None, "date_to": None, "period": "", "focus": None}
        everything |= {"step": "", "missed_step": False, "left_out": ()}
        self.param.update(**everything, include={}, exclude={}, compare=PREVIOUS, compared_days=None)

    def to_query(self) -> str:
        """Return the selection as a URL query ("?country=US&from=2017-07-05"), empty when nothing is chosen."""
        pairs: list[tuple[str, str]] = [("view", self.view)] if self.view else []
        pairs += [("days", self.period)] if self.period else []
        pairs += [(name, day.isoformat()) for name, day in (("from", self.date_from), ("to", self.date_to)) if day]
        pairs += [(ON, f"{self.focus.first}_{self.focus.last}")] if self.focus else []
        pairs += [(f"{EXCLUDED}{ON}", f"{first}_{last}") for first, last in self.left_out]
        for prefix, wanted in (("", self.include), (EXCLUDED, self.exclude)):
            pairs += [(prefix + dimension, value) for dimension, values in sorted(wanted.items()) for value in values]
        if self.compare != PREVIOUS:
            pairs.append(("compare", self.compare))
        if self.compare == CUSTOM and self.compared_days:
            days = self.compared_days
            pairs += [("compare_from", days.first.isoformat()), ("compare_to", days.last.isoformat())]
        if self.funnel_name != self.funnels[0].name:
            pairs.append(("funnel", self.funnel_name))
        if self.steps:
            pairs.append(("steps", "-".join(str(position) for position in self.steps)))
        if self.step:
            pairs.append(((EXCLUDED if self.missed_step else "") + STEP, self.step))
        pairs += sorted(self.settings.items())
        if self.theme:
            pairs.append(("theme", self.theme))
        return f"?{urlencode(pairs)}" if pairs else ""

    def load_query(self, query: str) -> None:
        """Take the whole state from a URL query; what is unknown or malformed is left out: anyone can write a URL.

        What was left out stands in `unread` afterwards, in words.
        """
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=False, errors="replace")
        single = dict(pairs)
        period = single.get("days", "") if is_relative(single.get("days", "")) else ""
        first, last = (None, None) if period else (day_in(single.get("from")), day_in(single.get("to")))
        if first and last and last < first:
            first, last = last, first
        wanted = single.get("funnel", "").casefold()
        funnel = next((funnel for funnel in self.funnels if funnel.name.casefold() == wanted), self.funnels[0])
        theme = single.get("theme", "")
        missed = EXCLUDED + STEP in single
        step = single.get(EXCLUDED + STEP if missed else STEP, "")
        known = any(each.name == step for each in funnel.steps)
        view = single.get("view", "")
        compare, days = comparison_in(single)
        steps = [int(part) for part in single.get("steps", "").split("-") if part.isascii() and part.isdigit()]
        self.unread = left_out(pairs, self.known_names, funnel)
        self.param.update(
            view=view if view in self._views[1:] else "",
            compare=compare,
            compared_days=days,
            date_from=first,
            date_to=last,
            period=period,
            focus=focus_in(single.get(ON, "")),
            left_out=left_out_in(pairs),
            include=wanted_in(pairs, ""),
            exclude=unwanted_in(pairs),
            funnel_name=funnel.name,
            steps=positions_in(steps, len(funnel.steps)),
            step=step if known else "",
            missed_step=missed and known,
            settings={key: option for key, option in single.items() if self._differs(key, option)},
            theme=theme if theme in self.param.theme.objects else "",
        )

    @property
    def known_names(self) -> dict[str, Collection[str]]:
        """Return what each part of a URL that is a choice among names may say."""
        return {
            "view": self._views,
            "compare": MODES,
            "funnel": [funnel.name for funnel in self.funnels],
            "theme": self.param.theme.objects,
            **{name: options for name, (options, _) in self._known.items()},
        }

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
