"""The leak list of a store: ask for the cells of a question and judge them."""

from collections.abc import Sequence
from dataclasses import replace

from queries.cube import CELL_DIMENSIONS, ask_days, kept_beside, kept_cells
from queries.engine import Cancel, Engine
from queries.filters import Filters
from queries.funnel import ENGAGEMENT, Funnel
from queries.leak_report import LeakReport
from queries.leaks import check_search, find_leaks
from queries.metrics import QuestionError


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
