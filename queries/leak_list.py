"""The leak list of a store: ask for the cells of a question and judge them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from queries.cube import CELL_DIMENSIONS, ask_days, kept_beside, kept_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.leak_report import LeakReport
from queries.leaks import check_search, find_leaks
from queries.metrics import QuestionError
from queries.revenue import Estimate, ceiling


@dataclass(frozen=True, slots=True)
class StepRevenue:
    """Hold what the transition from one funnel step to the next costs in the shown period: three numbers, never one.

    `ceiling` as if everyone who left had bought: no estimate; `gap` the conversions that the leaks of this step lack
    (None: no step could be judged), `recoverable` the share of it that can be closed.
    """

    step: str
    next_step: str
    abandonments: int
    ceiling: float
    gap: Estimate
    recoverable: Estimate
    leaks: LeakReport


def leak_list(
    engine: Engine,
    filters: Filters | None = None,
    *,
    funnel: Funnel = ENGAGEMENT,
    step: str | None = None,
    dimensions: Sequence[str] | None = None,
    max_order: int = 3,
    fdr: float = 0.10,
    interval: float = 0.8,
    cancel: Cancel | None = None,
) -> LeakReport:
    """Return the leaks, gaps and strong segments among the sessions that pass the filters.

    `step` names the funnel step whose completion is judged; without it, from the session to the last step.
    `dimensions` are those searched, without those that the filters hold at one value; if none are named, the usual
    ones and the smaller tables beside them. `interval` is the coverage of all intervals. Raises QuestionError for a
    step or numbers that cannot be asked, FilterError for a dimension, QueryError when the database fails, Cancelled
    when interrupted.
    """
    try:
        check_search(max_order, fdr, interval)
    except ValueError as error:
        raise QuestionError(str(error)) from None
    filters = filters or Filters()
    chosen = searched_dimensions(filters, dimensions)
    version = engine.snapshot.version
    cells = kept_cells(engine, chosen, filters, funnel=funnel, step=step, cancel=cancel)
    days = ask_days(engine, filters, cancel)
    beside = [] if dimensions else kept_beside(engine, filters, funnel=funnel, step=step, cancel=cancel)
    report = find_leaks(cells, beside, max_order=max_order, fdr=fdr, interval=interval, days=days)
    return replace(report, store_version=version, filters=filters, funnel=funnel.name, step=step)


def searched_dimensions(filters: Filters, dimensions: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the dimensions worth searching: those asked for, or the usual ones, that the filters leave free.

    All of them where the filters leave none free. Raises QuestionError when none is asked for.
    """
    wanted = tuple(dict.fromkeys(CELL_DIMENSIONS if dimensions is None else dimensions))
    if not wanted:
        raise QuestionError(f"there is no dimension to search: name some, such as {', '.join(CELL_DIMENSIONS[:2])}")
    return tuple(name for name in wanted if len(filters.values(name)) != 1) or wanted


def step_revenue(
    engine: Engine,
    filters: Filters | None = None,
    *,
    funnel: Funnel = ENGAGEMENT,
    dimensions: Sequence[str] | None = None,
    closable: float = 1.0,
    interval: float = 0.8,
    cancel: Cancel | None = None,
) -> tuple[StepRevenue, ...]:
    """Return for each step of the funnel but the last what its leaks cost, beside the ceiling.

    A lost completion of step k is worth the order value times the share of completions that end in an order; only
    peeled leaks are added up. `closable` is the share of a gap that can be closed.
    """
    filters = filters or Filters()
    rows = engine.run("revenue_lost", filters, funnel=funnel, cancel=cancel).rows
    found = []
    for row in rows:
        report = leak_list(engine, filters, funnel=funnel, step=row["step"], dimensions=dimensions,
                           interval=interval, cancel=cancel)  # fmt: skip
        gap = report.revenue_at_stake
        most = ceiling(row["abandonments"] or 0, row["revenue_per_conversion"] or 0.0)
        found.append(
            StepRevenue(row["step"], row["next_step"], row["abandonments"] or 0, most, gap, gap.times(closable), report)
        )
    return tuple(found)
