"""The leak list on a terminal: tables with what was searched, or JSON or CSV for programs."""

import json
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from queries.filters import Filters
from queries.leak_report import Leak, LeakReport, is_first_visits
from queries.leak_words import FIRST_VISITS, flat_rows, measured, named, searched, smallest
from queries.terminal.arguments import Format
from queries.terminal.console import stdout
from queries.terminal.rows import print_rows


def print_leaks(report: LeakReport, output: Format) -> None:
    """Print a leak list as tables with what was searched, or as JSON or CSV for programs."""
    if output is Format.JSON:
        print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
        return
    if output is Format.CSV:
        print_rows("leaks", report.store_version or 0, report.filters or Filters(), flat_rows(report), output)
        return
    out = stdout()
    honest = f"{searched(report)} {measured(report)}".strip()
    told = f"{honest} {smallest(report)} Intervals hold {report.interval:.0%}."
    out.print(escape(told), highlight=False)
    titles = {
        "leaks": "Leaks: combinations that convert worse than their parts predict",
        "gaps": "Gaps: values that convert below their peers, all else equal; at stake is half of what is missing",
        "strong": "Strong: combinations that convert better than their parts predict",
        "above": "Above: values that convert above their peers, all else equal",
    }
    for name, title in titles.items():
        if rows := getattr(report, name):
            out.print(f"\n[bold]{title}[/bold]", highlight=False)
            out.print(_leak_table(rows, report))
            for usual in filter(is_first_visits, rows):
                out.print(escape(f"{named(usual.segment)}: {FIRST_VISITS}"), highlight=False)


def _leak_table(rows: Sequence[Leak], report: LeakReport) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("segment", overflow="fold")
    lacking, stake = ("surplus", "worth") if rows[0].kind in {"strong", "above"} else ("missing", "at stake")
    for header in ("sessions", "had", "expected", "ratio", lacking, f"{stake} {report.period}"):
        table.add_column(header, justify="right")
    for row in rows:
        worth, count = report.in_period(row.revenue_at_stake), row.missing_conversions
        ratio = "{:.0%} to {:.0%}".format(*row.ratio_interval)
        table.add_row(
            escape(named(row.segment)), f"{row.sessions:,}", f"{row.conversions:,}", f"{row.expected:,.1f}", ratio,
            f"{count.low:,.0f} to {count.high:,.0f}", f"{worth.low:,.0f} to {worth.high:,.0f}",
        )  # fmt: skip
    return table
