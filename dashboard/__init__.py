"""The interface: a dashboard of a store, its charts as objects, and the selection that they share.

Every public name is loaded when it is first used, so that `import dashboard` costs nothing.
"""

from importlib import import_module
from typing import Any

PLACES = {
    "Dashboard": "dashboard.app",
    "Selection": "dashboard.selection",
    "Controls": "dashboard.controls",
    "ChartView": "dashboard.chart",
    "KeyFigures": "dashboard.charts.kpis",
    "Findings": "dashboard.charts.findings",
    "Trend": "dashboard.charts.trend",
    "Steps": "dashboard.charts.steps",
    "Funnel": "dashboard.charts.funnel",
    "Completion": "dashboard.charts.completion",
    "RevenueLost": "dashboard.charts.revenue_lost",
    "Leavers": "dashboard.charts.leavers",
    "StepTimes": "dashboard.charts.step_times",
    "Countries": "dashboard.charts.countries",
    "Places": "dashboard.charts.places",
    "Durations": "dashboard.charts.durations",
    "ConvertedVsEngaged": "dashboard.charts.converted_vs_engaged",
    "Sources": "dashboard.charts.sources",
    "Why": "dashboard.charts.why",
    "Leaderboards": "dashboard.charts.leaderboards",
    "Pivot": "dashboard.charts.pivot",
}
"""The public names, each with the module that has it."""

__all__ = list(PLACES)


def __getattr__(name: str) -> Any:
    """Load a public name. Raises AttributeError for any other."""
    if name not in PLACES:
        raise AttributeError(f"dashboard has no {name!r}; it has {', '.join(PLACES)}")
    return getattr(import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted({*globals(), *PLACES})
