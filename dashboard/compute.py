"""From a question to all that a view shows: its cards' states, its finding, the counts; no Panel in it."""

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dashboard.chart import CardState, Chart, Context, Finding, Need
from dashboard.charts import finding
from dashboard.charts.chosen import comparison_note
from dashboard.periods import Comparison, Days
from queries.engine import Call, Cancel, Cancelled, Engine, QueryError, Result
from queries.filters import Filters
from queries.funnel import Funnel, Step
from queries.funnel_file import FLAGS

LOG = logging.getLogger(__name__)
OF_STEPS = {"funnel", "revenue_lost", "step_revenue", "step_times"}
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
    finding: Finding | None = finding.FINDING
    around: "Ask | None" = None
    focus: Days | None = None

    @property
    def compared(self) -> Filters | None:
        """Return the same filters on the compared days; None when nothing is compared."""
        days = self.comparison.days if self.comparison else None
        if days is None:
            return None
        return self.filters.on_days(days.first, days.last)

    def settings_of(self, asked: Chart | Finding) -> Mapping[str, str]:
        """Return the settings of a card or a finding, with those of the card that it follows."""
        own = self.settings.get(asked.name, {}) if isinstance(asked, Chart) else {}
        return {**self.settings.get(asked.follows, {}), **own}


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a view shows for one question; `cards` and `results` are by card name."""

    ask: Ask
    store_version: int
    context: Context
    shown: int
    total: int
    finding: tuple[str, str] | None
    cards: Mapping[str, dict[str, Any]]
    results: Mapping[str, Sequence[Result]]


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


def answer(
    engine: Engine, charts: Sequence[Chart], ask: Ask, cancel: Cancel | None = None, held: Held | None = None
) -> Answer:
    """Return everything a view shows for one question; one failing card fails alone. Raises Cancelled."""
    held = held or held_by(engine)
    context = context_of(engine, ask, held)
    _ask_at_once(engine, charts, ask, cancel)
    shown = engine.run("overview", ask.filters, cancel=cancel).rows[0]
    cards: dict[str, dict[str, Any]] = {}
    results: dict[str, Sequence[Result]] = {}
    for chart in charts:
        cards[chart.name], results[chart.name] = _card(engine, chart, ask, context, cancel)
    said = _finding(engine, ask.finding, ask, context, cancel) if ask.finding else None
    return Answer(ask, context.version, context, shown["sessions"] or 0, held.sessions, said, cards, results)


def results_of(engine: Engine, needs: Sequence[Need], ask: Ask, cancel: Cancel | None = None) -> list[Result]:
    """Return the result of each need, in order; that of a compared period is empty when nothing is compared."""
    return [_run(engine, need, ask, cancel) for need in needs]


def _card(
    engine: Engine, chart: Chart, ask: Ask, context: Context, cancel: Cancel | None
) -> tuple[dict[str, Any], Sequence[Result]]:
    settings = ask.settings_of(chart)
    results: list[Result] = []
    if chart.shows_days and ask.around:
        around = ask.around
        context = dataclasses.replace(context, filters=around.filters, compared=around.compared, focus=ask.focus)
        ask = around
    try:
        needs = chart.needs(settings)
        if context.lacking and any(need.metric in OF_STEPS for need in needs):
            return as_json(CardState("The steps are not known on all of these days", empty=context.lacking)), results
        results += results_of(engine, needs, ask, cancel)
        state = chart.update(results, dataclasses.replace(context, settings=settings))
        beside = comparison_note(ask.filters, {need.shows for need in needs if need.shows})
        if beside:
            state = dataclasses.replace(state, note=f"{beside} {state.note}".strip())
        return as_json(state), results
    except Cancelled:
        raise
    except QueryError as error:
        LOG.exception("card %s: query %s failed", chart.name, error.query_id)
        text = f"This chart could not be computed. Query {error.query_id}: {error.reason}"
        return {"error": text, "query_id": error.query_id}, results
    except Exception as error:
        LOG.exception("card %s could not be drawn", chart.name)
        return {"error": f"This chart could not be drawn ({type(error).__name__}); the log has the details."}, results


def _ask_at_once(engine: Engine, charts: Sequence[Chart], ask: Ask, cancel: Cancel | None) -> None:
    """Ask all that the charts need two at a time, so that the engine has it; what fails does so in its own card."""
    try:
        calls = [call for chart in charts for call in _calls_of(chart, ask)]
        engine.run_many([Call("overview", ask.filters), *calls], cancel)
    except Cancelled:
        raise
    except Exception:
        LOG.debug("a question failed; its card tells", exc_info=True)


def _calls_of(chart: Chart, ask: Ask) -> Iterator[Call]:
    asked = ask.around if chart.shows_days and ask.around else ask
    for need in chart.needs(ask.settings_of(chart)):
        filters = _filters_of(need, asked)
        if filters is not None and not need.compute and not need.change:
            yield Call(need.metric, filters, need.by, ask.funnel, need.options)


def _run(engine: Engine, need: Need, ask: Ask, cancel: Cancel | None) -> Result:
    filters = _filters_of(need, ask)
    if filters is None:
        return Result(need.metric, [], "", {}, engine.snapshot.version, ask.filters)
    if need.compute:
        return need.compute(engine, filters, ask.funnel, cancel)
    if need.change:
        compared = _filters_of(dataclasses.replace(need, compared=True), ask)
        if compared is None:
            return Result(need.metric, [], "", {}, engine.snapshot.version, ask.filters)
        return need.change(engine, filters, compared, ask.funnel, cancel)
    return engine.run(need.metric, filters, by=need.by, funnel=ask.funnel, options=dict(need.options), cancel=cancel)


def _filters_of(need: Need, ask: Ask) -> Filters | None:
    filters = ask.compared if need.compared else ask.filters
    if filters is None:
        return None
    if need.shows:
        filters = filters.without(need.shows)
    return filters.without_steps() if need.shows_steps else filters


def later(earlier: Answer, late: Answer) -> Answer:
    """Return an answer together with what took longer."""
    return dataclasses.replace(
        earlier,
        finding=late.finding or earlier.finding,
        cards={**earlier.cards, **late.cards},
        results={**earlier.results, **late.results},
    )


def _finding(engine: Engine, wanted: Finding, ask: Ask, context: Context, cancel: Cancel | None) -> tuple[str, str]:
    try:
        settings = ask.settings_of(wanted)
        needs = wanted.asks(settings)
        said, line = wanted.write(
            results_of(engine, needs, ask, cancel), dataclasses.replace(context, settings=settings)
        )
        if context.lacking and any(need.metric in OF_STEPS for need in needs):
            return (context.lacking, "") if wanted.of_steps else (said, context.lacking)
        return said, line
    except Cancelled:
        raise
    except Exception:
        LOG.exception("the finding could not be written")
        return "The finding could not be computed.", ""


def as_json(state: CardState) -> dict[str, Any]:
    """Return a card's state as the mapping that `card.js` reads."""
    table = state.table
    return {
        "heading": state.heading,
        "note": state.note,
        "sources": state.sources,
        "models": state.models,
        "body": state.body,
        "empty": state.empty,
        "table": {each.name: getattr(table, each.name) for each in dataclasses.fields(table)} if table else None,
    }
