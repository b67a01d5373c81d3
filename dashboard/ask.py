"""A question of a page or of one chart: its filters and days, what it is compared with, and its answers as results."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from dashboard.cards import Card, Context, Finding, Need
from dashboard.periods import MONTH, PREVIOUS, Comparison, Days, comparison, shown_days
from dashboard.selection import Selection
from queries.engine import Call, Cancel, Engine, Result
from queries.filters import Filters
from queries.funnel import Funnel, Step
from queries.funnel_file import FLAGS

OF_STEPS = {"funnel", "step_times"}
"""Metrics that ask for steps before the last: they say nothing of days whose exports cannot know these."""
SHOWN_BEYOND = "the days shown reach beyond: choose days among these"
COMPARED_BEYOND = "the compared days reach beyond: compare with days among these, or with none"
SURELY = 20
"""So many sessions must be missing outside some days before it is no chance that they are."""
ENGINES = 8
"""A process serves one store, mostly."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold one question of a page: filters, funnel, the settings of each card by its name, and what is compared.

    `focus` are the days clicked in a chart, `around` the same question of all chosen days; that chart goes on to show
    them.
    """

    filters: Filters
    funnel: Funnel
    settings: Mapping[str, Mapping[str, str]]
    comparison: Comparison | None = None
    finding: Finding | None = None
    around: "Ask | None" = None
    focus: Days | None = None

    @property
    def compared(self) -> Filters | None:
        """Return the same filters on the compared days; None when nothing is compared."""
        days = self.comparison.days if self.comparison else None
        if days is None:
            return None
        return self.filters.on_days(days.first, days.last)

    def settings_of(self, asked: Card | Finding) -> Mapping[str, str]:
        """Return the settings of a card or a finding, with those of the card that it follows."""
        own = self.settings.get(asked.name, {}) if isinstance(asked, Card) else {}
        return {**self.settings.get(asked.follows, {}), **own}


@dataclass(frozen=True, slots=True)
class Held:
    """Hold what the store has before any filter: its sessions and its days.

    `unmet` are the columns of yes and no that are yes in no session: mostly the export cannot know them. `met` are the
    days between the first and the last session that is yes, for those columns that other days' exports lack.
    """

    sessions: int
    first_date: dt.date | None
    last_date: dt.date | None
    days: frozenset[dt.date]
    by_day: Mapping[dt.date, int]
    unmet: frozenset[str] = frozenset()
    met: Mapping[str, Days] = field(default_factory=dict)

    @property
    def span(self) -> Days | None:
        """Return the first and the last day; None for a store without sessions."""
        return Days(self.first_date, self.last_date) if self.first_date and self.last_date else None


def held_by(engine: Engine) -> Held:
    """Return what the store has, asked once a version."""
    return _held(engine, engine.snapshot.version)


@lru_cache(ENGINES)
def _held(engine: Engine, _version: int) -> Held:
    flags = [Step(name, "", name, "is true") for name in FLAGS]
    asked = engine.run_many([Call("trend"), *(Call("trend", Filters(reached=(flag,))) for flag in flags)])
    by_day, *yes = ({row["session_date"]: row["sessions"] for row in each.rows} for each in asked)
    unmet = {flag.column for flag, days in zip(flags, yes, strict=True) if not any(days.values())}
    found = ((flag.column, met_days(by_day, days)) for flag, days in zip(flags, yes, strict=True))
    met = {column: days for column, days in found if days}
    first, last = min(by_day, default=None), max(by_day, default=None)
    return Held(sum(by_day.values()), first, last, frozenset(by_day), by_day, frozenset(unmet), met)


def met_days(by_day: Mapping[dt.date, int], yes: Mapping[dt.date, int]) -> Days | None:
    """Return the days from the first to the last with a session that is yes, if the others cannot be so by chance.

    None where every day may have them: where the days outside would not have held so many at the rate of those inside.
    """
    days = [day for day, sessions in yes.items() if sessions]
    if not days:
        return None
    span = Days(min(days), max(days))
    inside = sum(sessions for day, sessions in by_day.items() if span.first <= day <= span.last)
    outside = sum(by_day.values()) - inside
    return span if outside * sum(yes.values()) / inside >= SURELY else None


def context_of(engine: Engine, ask: Ask, held: Held) -> Context:
    """Return what the sentences of a page need besides counts."""
    version = engine.snapshot.version
    lacking = lacking_words(ask, held)
    return Context(
        ask.filters, ask.funnel, held.first_date, held.last_date, {}, held.days, ask.compared, version, lacking=lacking
    )


def lacking_words(ask: Ask, held: Held) -> str:
    """Return that the exports of some days asked about cannot know a step of the funnel; empty where all may."""
    for step in ask.funnel.steps:
        if step.column in held.unmet and held.sessions:
            return f"No session of any export here has “{step.name}”: choose another funnel."
        if (days := held.met.get(step.column)) is None:
            continue
        for filters, reach in ((ask.filters, SHOWN_BEYOND), (ask.compared, COMPARED_BEYOND)):
            if filters and any(filters.asks_for(day) and not days.first <= day <= days.last for day in held.days):
                return f"Only the exports of {days.words} know “{step.name}”, and {reach}."
    return ""


def compared_period(selection: Selection, held: Held, *, chosen: bool = False) -> Comparison:
    """Return what the days looked at are compared with; without days and with the reason where they cannot be.

    Days that are no whole months are compared with those before them where the months before are asked for. With
    `chosen` it is what the days of the filter bar are compared with, whatever was clicked in a chart.
    """
    if held.span is None:
        return Comparison(selection.compare, None, "no data")
    shown = shown_days(*(selection.chosen_within if chosen else selection.shown_within)(held.span), held.span)
    mode = PREVIOUS if selection.compare == MONTH and not shown.months else selection.compare
    return comparison(mode, shown, counted_days(selection, held), selection.compared_days)


def counted_days(selection: Selection, held: Held) -> set[dt.date]:
    """Return the days of the store that are not left out and whose exports know the steps of the funnel."""
    known = [held.met[step.column] for step in selection.funnel.steps if step.column in held.met]
    if not (selection.left_out or known):
        return set(held.days)
    left_out = Filters(left_out=selection.left_out)
    return {
        day for day in held.days
        if not left_out.leaves_out(day) and all(days.first <= day <= days.last for days in known)
    }  # fmt: skip


def asked_of(selection: Selection, held: Held, ask: Ask) -> Ask:
    """Return a question with its days, now that those of the store are known, and with what they are compared with."""
    now = replace(ask, filters=selection.filters_within(held.span), comparison=compared_period(selection, held))
    if not selection.focus:
        return now
    first, last = selection.chosen_within(held.span)
    around = now.filters.on_days(first, last)
    whole = replace(now, filters=around, comparison=compared_period(selection, held, chosen=True))
    return replace(now, around=whole, focus=selection.focus)


def results_of(engine: Engine, needs: Sequence[Need], ask: Ask, cancel: Cancel | None = None) -> list[Result]:
    """Return the result of each need, in order; that of a compared period is empty when nothing is compared."""
    return [_run(engine, need, ask, cancel) for need in needs]


def card_results(
    engine: Engine, card: Card, ask: Ask, context: Context, cancel: Cancel | None = None
) -> tuple[list[Result], Context]:
    """Return what a card needs, in order, and the context in which it is to be read, with the card's own settings.

    A card that shows days is asked about all chosen ones when some of them were clicked.
    """
    settings = ask.settings_of(card)
    if card.shows_days and ask.around:
        around = ask.around
        context = replace(context, filters=around.filters, compared=around.compared, focus=ask.focus)
        ask = around
    return results_of(engine, card.needs(settings), ask, cancel), replace(context, settings=settings)


def is_lacking(needs: Sequence[Need], context: Context) -> bool:
    """Say whether a step is asked for that the exports of some of the days cannot know."""
    return bool(context.lacking) and any(need.metric in OF_STEPS for need in needs)


def calls_of(card: Card, ask: Ask) -> Iterator[Call]:
    """Yield what a card asks of the engine alone, so that several cards can be asked at once."""
    asked = ask.around if card.shows_days and ask.around else ask
    for need in card.needs(ask.settings_of(card)):
        filters = _filters_of(need, asked)
        if filters is not None and not need.compute:
            yield Call(need.metric, filters, need.by, ask.funnel, need.options)


def _run(engine: Engine, need: Need, ask: Ask, cancel: Cancel | None) -> Result:
    filters = _filters_of(need, ask)
    if filters is None:
        return Result(need.metric, [], "", {}, engine.snapshot.version, ask.filters)
    if need.compute:
        return need.compute(engine, filters, ask.funnel, cancel)
    return engine.run(need.metric, filters, by=need.by, funnel=ask.funnel, options=dict(need.options), cancel=cancel)


def _filters_of(need: Need, ask: Ask) -> Filters | None:
    filters = ask.compared if need.compared else ask.filters
    if filters is None:
        return None
    if need.shows:
        filters = filters.without(need.shows)
    return filters.without_steps() if need.shows_steps else filters
