"""The cards of the page: one module a chart, and the one visible tuple that puts them in order."""

from dashboard.chart import Chart
from dashboard.charts import funnel, kpis, sources

CHARTS: tuple[Chart, ...] = (
    kpis.CHART,
    funnel.CHART,
    sources.CHART,
)
