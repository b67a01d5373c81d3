"""The state of one viewer: what is looked at, in which funnel, how each card is set; to and from the URL."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import param
from param.parameterized import batch_call_watchers

from dashboard.address import query_of, read_query
from dashboard.cards import SHARED_SETTINGS
from dashboard.links import day_in, positions_in
from dashboard.message import text_of
from dashboard.param_kinds import Ends, check_names, is_value, wanted_values
from dashboard.periods import CUSTOM, MODES, PREVIOUS, Days, is_relative, relative_days
from dashboard.selection_params import Batches, SelectionParams, ended_choices
from queries.filters import Filters
from queries.funnel import FUNNELS, Funnel
from queries.vocabulary import DIMENSIONS

Settings = Mapping[str, tuple[tuple[str, ...], str]]
"""The controls that exist: "<card>.<setting>" -> (options, default)."""


class Selection(SelectionParams):
    """Hold all that one viewer has chosen; charts, controls and the page follow it.

    Each dimension of the vocabulary is a param: `Selection(country=["US"], dates=("2026-09-01", "2026-10-31"))`.
    `period` names days that move with the store, in place of `dates`; they are counted within `span`, the store's first
    and last day, None until they are known. `focus` are days and `step` is a step of the funnel that were clicked in a
    chart. `settings` holds only what differs from the defaults. A `theme` of "" follows the reader's system.

    One choice may end another: other days end `period` and `focus`, another funnel ends `steps` and `step`, and a
    wanted value is no longer unwanted.
    """

    def __init__(
        self,
        known_settings: Settings | None = None,
        views: Iterable[str] = (),
        funnels: Iterable[Funnel] = FUNNELS,
        *,
        include: Mapping[str, Any] | None = None,
        **chosen: Any,
    ) -> None:
        """Start with what is given; settings, views and funnels are those that exist, as for `adopt`.

        `include` takes the wanted values as one mapping. Raises TypeError for a name that does not exist, ValueError
        for a value that cannot be.
        """
        check_names(chosen, ["include", *type(self).param])
        super().__init__()
        self._batches = Batches()
        self._param__private.parameters_state = self._batches  # ty: ignore[invalid-assignment]  # it is used as a mapping
        self.span: Days | None = None
        self.unread: list[str] = []
        self.adopt(known_settings, views, funnels)
        self.param.update(**{"funnel_name": self.funnels[0].name, **wanted_values(include or {}), **chosen})
        if self.step and self.step not in self.step_names:
            known = ", ".join(self.step_names)
            raise ValueError(f'"{self.step}" is no step of the funnel {self.funnel_name} (its steps: {known})')
        if self.dates and self.period:
            raise ValueError(f"both dates and the period {self.period} are given: give one of them")
        self._agree()
        self.param.watch(self._agree, [name for name in self.param if name != "name"])

    def adopt(self, known_settings: Settings | None, views: Iterable[str], funnels: Iterable[Funnel]) -> None:
        """Learn which settings, views and funnels exist, in a page or a store; a funnel that does not is dropped."""
        self.known_settings = {**SHARED_SETTINGS, **(known_settings or {})}
        self.views = tuple(views)
        self.funnels = tuple(funnels)
        names = [funnel.name for funnel in self.funnels]
        self.param.funnel_name.objects = names
        if self.funnel_name not in names:
            self.funnel_name = names[0]

    def _agree(self, *events: param.parameterized.Event) -> None:
        if self._batches.restores:
            self._batches.restores = False  # what listeners set from here on is a choice again
        else:
            self.restore(ended_choices(self, {event.name for event in events}))

    def restore(self, values: Mapping[str, Any]) -> None:
        """Set several params at once, exactly as they are given: none of them ends another choice."""
        before, self._batches.restores = self._batches.restores, True
        try:
            self.param.update(**values)
        finally:
            self._batches.restores = before

    @property
    def include(self) -> dict[str, tuple[str, ...]]:
        """Return the wanted values of each dimension that has any."""
        return {name: tuple(values) for name in DIMENSIONS if (values := getattr(self, name))}

    @property
    def shown_dates(self) -> Ends:
        """Return the first and the last day to look at, None for an open end: those clicked in a chart, else chosen."""
        return self.shown_within(self.span)

    @property
    def chosen_dates(self) -> Ends:
        """Return the chosen days, None for an open end; a relative period as the days it is now."""
        return self.chosen_within(self.span)

    def shown_within(self, span: Days | None) -> Ends:
        """Return the shown dates, where the store has these days."""
        return (self.focus.first, self.focus.last) if self.focus else self.chosen_within(span)

    def chosen_within(self, span: Days | None) -> Ends:
        """Return the chosen dates, where the store has these days; None while they are not known."""
        days = relative_days(self.period, span) if self.period and span else None
        return (days.first, days.last) if days else self.dates or (None, None)

    @property
    def filters(self) -> Filters:
        """Return what the engine needs to know of this selection."""
        return self.filters_within(self.span)

    def filters_within(self, span: Days | None) -> Filters:
        """Return the filters, where the store has these days."""
        filters = Filters.of(None, None, self.include, self.exclude, self.left_out).on_days(*self.shown_within(span))
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

    @property
    def step_names(self) -> list[str]:
        """Return the names of the chosen funnel's steps, all of them."""
        return [step.name for step in self.whole_funnel.steps]

    def setting(self, card: str, name: str) -> str:
        """Return the chosen option of one control of a card: its own, that of the whole page, or its default."""
        key = f"{card}.{name}"
        options, default = self.known_settings[key]
        shared = self.settings.get(name, "")
        return self.settings.get(key, shared if shared in options else default)

    def shared_setting(self, name: str) -> str:
        """Return the option chosen for all cards, empty where each card has its own default."""
        return self.settings.get(name, "")

    def choose_view(self, name: str) -> None:
        """Show a view; one that does not exist is ignored."""
        if name in self.views:
            self.view = "" if name == self.views[0] else name

    def choose_comparison(self, mode: str, first: dt.date | None = None, last: dt.date | None = None) -> None:
        """Choose what the shown days are compared with; the two days belong to mode "custom"."""
        if mode not in MODES or (mode == CUSTOM and not (first and last)):
            return
        days = Days(min(first, last), max(first, last)) if mode == CUSTOM and first and last else None
        self.restore({"compare": mode, "compared_days": days})

    def choose_funnel(self, name: str, steps: Iterable[int] = ()) -> None:
        """Choose a funnel and the positions of its steps; fewer than two, or all of them, mean all."""
        funnel = next((funnel for funnel in self.funnels if funnel.name == name), None)
        if funnel:
            kept = self.step if name == self.funnel_name else ""
            self.restore({"funnel_name": name, "steps": positions_in(steps, len(funnel.steps)), "step": kept})

    def toggle_step(self, name: str, *, exclude: bool = False) -> None:
        """Filter to the sessions that reached a step of the funnel, or did not, or stop doing so."""
        if name in self.step_names:
            again = (name, exclude) == (self.step, self.missed_step)
            self.restore({"step": "" if again else name, "missed_step": exclude and not again})

    def choose_setting(self, card: str, name: str, option: str) -> None:
        """Choose an option of a control; anything that does not exist is ignored, since the browser may send it.

        Without a card it is chosen for all cards, and their own choices of that name are dropped.
        """
        key = f"{card}.{name}" if card else name
        options, default = self.known_settings.get(key, ((), ""))
        if not card and key in SHARED_SETTINGS and (option in options or not option):
            own = {k: chosen for k, chosen in self.settings.items() if k != name and not k.endswith(f".{name}")}
            self.settings = {**own, name: option} if option else own
        elif option in options:
            others = {known: chosen for known, chosen in self.settings.items() if known != key}
            stays = option == default and not self.settings.get(name)
            self.settings = others if stays else {**others, key: option}

    def choose_dates(self, first: dt.date | None, last: dt.date | None) -> None:
        """Choose a range of days; two dates in the wrong order are swapped."""
        self.restore({"dates": (first, last), "period": "", "focus": None})

    def choose_period(self, name: str) -> None:
        """Choose days that move with the store; a name that stands for none is ignored."""
        if is_relative(name):
            self.restore({"dates": None, "period": name, "focus": None})

    def toggle_days(self, days: Days | None) -> None:
        """Filter to some of the chosen days, or stop doing so when it is them already."""
        self.focus = None if days == self.focus else days

    def leave_out(self, days: Days) -> None:
        """Look at all but some days; they are no longer those clicked in a chart."""
        focus = None if self.focus and days.first <= self.focus.first and self.focus.last <= days.last else self.focus
        self.restore({"left_out": (*self.left_out, days), "focus": focus})

    def toggle(self, dimension: str, value: str, *, additive: bool = False, exclude: bool = False) -> None:
        """Filter to one value, or stop doing so when it is the only one; `additive` adds or removes it among others.

        What is no dimension or can be no value is ignored.
        """
        if dimension not in DIMENSIONS or not is_value(value):
            return
        wanted, unwanted = tuple(getattr(self, dimension)), self.exclude.get(dimension, ())
        now, others = (unwanted, wanted) if exclude else (wanted, unwanted)
        if additive or exclude:
            now = tuple(old for old in now if old != value) if value in now else (*now, value)
        else:
            now = () if now == (value,) else (value,)
        others = tuple(old for old in others if old != value)
        self._choose_values(dimension, *((others, now) if exclude else (now, others)))

    def choose_where(self, where: Mapping[str, str]) -> None:
        """Filter to one value in each of several dimensions; other dimensions keep their filters."""
        wanted = {name: (value,) for name, value in where.items() if name in DIMENSIONS and is_value(value)}
        unwanted = {dimension: values for dimension, values in self.exclude.items() if dimension not in wanted}
        self.restore({**wanted, "exclude": unwanted})

    def switch(self, dimension: str) -> None:
        """Turn the wanted values of a dimension into unwanted ones, or the reverse."""
        if dimension in DIMENSIONS:
            self._choose_values(dimension, self.exclude.get(dimension, ()), tuple(getattr(self, dimension)))

    def remove(self, dimension: str, *, exclude: bool = False) -> None:
        """Take the filter off one dimension."""
        if dimension in DIMENSIONS:
            wanted, unwanted = tuple(getattr(self, dimension)), self.exclude.get(dimension, ())
            self._choose_values(dimension, *((wanted, ()) if exclude else ((), unwanted)))

    def _choose_values(self, dimension: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> None:
        self.restore({dimension: wanted, "exclude": {**self.exclude, dimension: unwanted}})

    def follow(self, action: Mapping[str, Any], *, additive: bool = False, exclude: bool = False) -> None:
        """Do what an action of a chart says: filter to a value, days or a step, choose a setting, open a view.

        `Action` in `dashboard/body.py` lists its keys; `additive` is a Shift-click, `exclude` an Alt-click. What is
        missing, malformed or does not exist is passed over, since a browser may have sent it.
        """
        additive, exclude = additive or action.get("additive") is True, exclude or action.get("exclude") is True
        first, last = day_in(text_of(action, "first")), day_in(text_of(action, "last"))
        where = action.get("where")
        with batch_call_watchers(self):
            if first and last:
                days = Days(min(first, last), max(first, last))
                (self.leave_out if exclude else self.toggle_days)(days)
            self.toggle_step(text_of(action, "step"), exclude=exclude)
            self.toggle(text_of(action, "dimension"), text_of(action, "value"), additive=additive, exclude=exclude)
            self.choose_where(where if isinstance(where, Mapping) else {})
            if text_of(action, "option"):
                self.choose_setting(text_of(action, "card"), text_of(action, "name"), text_of(action, "option"))
            self.choose_view(text_of(action, "view"))

    def reset(self) -> None:
        """Select everything again; the view, the funnel, the cards' settings and the theme stay."""
        everything: dict[str, Any] = {"dates": None, "period": "", "focus": None, "left_out": (), "exclude": {}}
        everything |= {"step": "", "missed_step": False, "compare": PREVIOUS, "compared_days": None}
        self.restore({**everything, **wanted_values({})})

    def to_query(self) -> str:
        """Return the selection as a URL query ("?country=US&from=2017-07-05"), empty when nothing is chosen."""
        return query_of(self)

    def load_query(self, query: str) -> None:
        """Take the whole state from a URL query; what is unknown or malformed is left out: anyone can write a URL.

        What was left out stands in `unread` afterwards, in words.
        """
        values, self.unread = read_query(query, self)
        self.restore(values)

    @property
    def known_names(self) -> dict[str, Collection[str]]:
        """Return what each part of a URL that is a choice among names may say."""
        return {
            "view": self.views,
            "compare": MODES,
            "funnel": [funnel.name for funnel in self.funnels],
            "theme": self.param.theme.objects,
            **{name: options for name, (options, _) in self.known_settings.items()},
        }

    def differs(self, key: str, option: str) -> bool:
        """Say whether a setting exists, has this option, and has another one by default."""
        options, default = self.known_settings.get(key, ((), ""))
        return option in options and option != default
