"""From a question to all that a page shows: every card's state, the finding, the counts; no Panel in it."""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.chart import CardState, Chart, Context, Need
from dashboard.charts import finding
from queries.engine import Cancel, Cancelled, Engine, QueryError, Result
from queries.filters import Filters
from queries.funnel import Funnel

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold one question of a page: filters, funnel, and the settings of each card by its name."""

    filters: Filters
    funnel: Funnel
    settings: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a page shows for one question; `cards` and `results` are by card name."""

    store_version: int
    context: Context
    shown: int
    total: int
    finding: tuple[str, str]
    cards: Mapping[str, dict[str, Any]]
    results: Mapping[str, Sequence[Result]]


def store_totals(engine: Engine) -> dict[str, Any]:
    """Return the overview row of the whole store."""
    return engine.run("overview").rows[0]


def answer(engine: Engine, charts: Sequence[Chart], ask: Ask, cancel: Cancel | None = None) -> Answer:
    """Return everything a page shows for one question; one failing card fails alone. Raises Cancelled."""
    total = store_totals(engine)
    days = frozenset(row["session_date"] for row in engine.run("trend").rows)
    context = Context(ask.filters, ask.funnel, total["first_date"], total["last_date"], store_days=days)
    cards: dict[str, dict[str, Any]] = {}
    results: dict[str, Sequence[Result]] = {}
    for chart in charts:
        cards[chart.name], results[chart.name] = _card(engine, chart, ask, context, cancel)
    shown = engine.run("overview", ask.filters, cancel=cancel).rows[0]
    return Answer(
        engine.snapshot.version,
        context,
        shown["sessions"] or 0,
        total["sessions"] or 0,
        _finding(engine, ask, context, cancel),
        cards,
        results,
    )


def _card(
    engine: Engine, chart: Chart, ask: Ask, context: Context, cancel: Cancel | None
) -> tuple[dict[str, Any], Sequence[Result]]:
    settings = ask.settings.get(chart.name, {})
    results: list[Result] = []
    try:
        results += [_run(engine, need, ask, cancel) for need in chart.needs(settings)]
        state = chart.update(results, dataclasses.replace(context, settings=settings))
        return as_json(state), results
    except Cancelled:
        raise
    except QueryError as error:
        LOG.exception("card %s: query %s failed", chart.name, error.query_id)
        return {"error": f"This chart could not be computed. Query {error.query_id}: {error.reason}"}, results
    except Exception as error:
        LOG.exception("card %s could not be drawn", chart.name)
        return {"error": f"This chart could not be drawn ({type(error).__name__}); the log has the details."}, results


def _run(engine: Engine, need: Need, ask: Ask, cancel: Cancel | None) -> Result:
    filters = ask.filters.without(need.shows) if need.shows else ask.filters
    return engine.run(need.metric, filters, by=need.by, funnel=ask.funnel, options=dict(need.options), cancel=cancel)


def _finding(engine: Engine, ask: Ask, context: Context, cancel: Cancel | None) -> tuple[str, str]:
    try:
        return finding.finding([_run(engine, need, ask, cancel) for need in finding.NEEDS], context)
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
        "table": dataclasses.asdict(table) if table else None,
    }
