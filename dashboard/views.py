"""The views of the page, in the order of a reader's questions, and the cards on each."""

from dataclasses import dataclass

from dashboard.chart import Chart
from dashboard.charts import CHARTS


@dataclass(frozen=True, slots=True)
class View:
    """Name one view and its cards, in page order."""

    name: str
    title: str
    cards: tuple[str, ...]


VIEWS = (
    View("overview", "Overview", ("kpis", "trend", "takeaways")),
    View("funnel", "Funnel", ("funnel", "completion", "revenue_lost", "converted_vs_engaged")),
    View("geography", "Geography", ("countries",)),
    View("duration", "Duration", ("durations",)),
    View("sources", "Sources", ("sources",)),
)


def charts_of(view: View) -> tuple[Chart, ...]:
    """Return the charts of a view that exist, in its order."""
    known = {chart.name: chart for chart in CHARTS}
    return tuple(known[name] for name in view.cards if name in known)
