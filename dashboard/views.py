"""The views of the page, in the order of a reader's questions, and the cards on each."""

from dataclasses import dataclass

from dashboard.cards import Card, Finding, OpenCount
from dashboard.charts import checks, finding, findings, view_findings
from dashboard.charts.registry import CHARTS


@dataclass(frozen=True, slots=True)
class View:
    """Name one view, the question it answers, and its cards in page order; a card may be on several views.

    A card is its name, or its name and the width that it has here in twelfths. `icon` is one of `ICONS` in `dom.js`,
    `key` the letter that opens the view after `g`. `second` puts it below the line in the rail.
    """

    name: str
    title: str
    question: str
    cards: tuple[str | tuple[str, int], ...]
    icon: str
    key: str
    finding: Finding | None = finding.FINDING
    open: OpenCount | None = None
    second: bool = False


VIEWS = (
    View("overview", "Overview", "What happened, can I trust it, where next?",
         ("kpis", "findings", ("trend", 8), "checks", "steps", "why", "countries"), "grid", "o"),
    View("funnel", "Funnel", "At which step, on what, compared with before?",
         ("funnel", "completion", "revenue_lost", "leavers", "converted_vs_engaged", "step_times"),
         "funnel", "f", view_findings.FUNNEL),
    View("geography", "Geography", "Where?", ("countries", "places"), "globe", "g", view_findings.GEOGRAPHY),
    View("duration", "Duration", "Do buyers behave otherwise?", ("durations", "converted_vs_engaged", "step_times"),
         "clock", "d", view_findings.DURATION),
    View("sources", "Sources", "Which traffic leaks?", ("sources",), "share", "s", view_findings.SOURCES),
    View("leaks", "Leaks", "What exactly, how sure, how much money?",
         ("findings", "standing", "above", ("verdicts", 12)), "drop", "l",
         view_findings.LEAKS, OpenCount((findings.NEED,), findings.open_findings)),
    View("explore", "Explore", "Let me look for myself.", ("leaderboards", "pivot"), "sliders", "e",
         view_findings.EXPLORE, second=True),
    View("quality", "Data quality", "May I believe the numbers?",
         ("verdicts", "days_held", "not_set", "ingests", "rejects", "left_out"), "shield", "q", view_findings.QUALITY,
         OpenCount((checks.NEED,), checks.open_checks), second=True),
)  # fmt: skip


def shown_views() -> tuple[View, ...]:
    """Return the views that have cards."""
    return tuple(view for view in VIEWS if view.cards)


def pane_view(name: str) -> View:
    """Return a view of one card alone, by the card's name. Raises LookupError that lists the names there are."""
    card = next((card for card in CHARTS if card.name == name), None)
    if card is None:
        raise LookupError(f"There is no chart “{name}”. There are: {', '.join(card.name for card in CHARTS)}.")
    return View("pane", card.label, "", ((card.name, 12),), "grid", "", finding=None)


def view_named(name: str) -> View:
    """Return the view of that name, the first one for a name that does not exist."""
    views = shown_views()
    return next((view for view in views if view.name == name), views[0])


def placed(view: View) -> tuple[tuple[Card, int], ...]:
    """Return the charts of a view that exist, in its order, each with its width in twelfths."""
    known = {chart.name: chart for chart in CHARTS}
    cards = [card if isinstance(card, tuple) else (card, 0) for card in view.cards]
    return tuple((known[name], span or known[name].span) for name, span in cards if name in known)


def charts_of(view: View) -> tuple[Card, ...]:
    """Return the charts of a view that exist, in its order."""
    return tuple(chart for chart, _ in placed(view))
