"""The filters as they were before each change of them, so that Esc can bring them back."""

from typing import Any

from dashboard.selection import Selection
from queries.vocabulary import DIMENSIONS

FILTERS = ("dates", "period", "focus", "left_out", *DIMENSIONS, "exclude", "step", "missed_step")
MOST_STEPS_BACK = 50


class Past:
    """Remember what a selection's filters were."""

    def __init__(self, selection: Selection) -> None:
        """Start with nothing to go back to."""
        self._selection = selection
        self._kept: list[dict[str, Any]] = []

    def remember(self) -> None:
        """Keep the filters as they are."""
        now = {name: getattr(self._selection, name) for name in FILTERS}
        self._kept = [*self._kept, now][-MOST_STEPS_BACK:]

    def undo(self) -> None:
        """Bring the filters back as they were before the last change of them."""
        while self._kept:
            before = self._kept.pop()
            if any(getattr(self._selection, name) != value for name, value in before.items()):
                self._selection.restore(before)
                return
