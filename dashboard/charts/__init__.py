"""The cards of the page: one module a chart, and the one visible tuple that puts them in order."""

from dashboard.chart import Chart
from dashboard.charts import (
    completion,
    converted_vs_engaged,
    countries,
    durations,
    funnel,
    kpis,
    revenue_lost,
    sources,
    takeaways,
    trend,
)

CHARTS: tuple[Chart, ...] = (
    kpis.CHART,
    trend.CHART,
    funnel.CHART,
    completion.CHART,
    revenue_lost.CHART,
    countries.CHART,
    durations.CHART,
    converted_vs_engaged.CHART,
    sources.CHART,
    takeaways.CHART,
)
