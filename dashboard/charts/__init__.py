"""The cards of the page: one module a chart, and the one visible tuple that puts them in order."""

from dashboard.chart import Chart
from dashboard.charts import converted_vs_engaged, funnel, kpis, revenue_lost, sources, takeaways, trend

CHARTS: tuple[Chart, ...] = (
    kpis.CHART,
    trend.CHART,
    funnel.CHART,
    revenue_lost.CHART,
    sources.CHART,
    converted_vs_engaged.CHART,
    takeaways.CHART,
)
