"""Figures on a terminal: a table for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from queries.filters import Filters
from queries.terminal.arguments import Format
from queries.terminal.console import stdout


def print_rows(metric: str, version: int, filters: Filters, rows: list[dict[str, Any]], output: Format) -> None:
    """Print rows as a table for people, or as JSON or CSV for programs."""
    if output is Format.JSON:
        answer = {"metric": metric, "store_version": version, "filters": filters.as_json(), "rows": rows}
        print(json.dumps(answer, indent=2, default=str, ensure_ascii=False))
    elif output is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif not rows:
        stdout().print("No session passes these filters.")
    else:
        print_table(rows)


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print rows for people: an interval's two ends in one column, rates in percent, a dash for what is undefined."""
    names = [name for name in rows[0] if not name.endswith("_high")]
    if len(rows) == 1:
        print_facts({name: _interval(name, rows[0]) or cell(name, rows[0][name]) for name in names})
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in names:
        number = any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        header = "95 % interval" if name.endswith("_low") else name.replace("_", " ")
        table.add_column(header, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_interval(name, row) or cell(name, row[name])) for name in names))
    stdout().print(table)


def print_facts(facts: Mapping[str, str]) -> None:
    """Print one fact a line: its name and its value."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in facts.items():
        shown = name.removesuffix("_low") + ", 95 % interval" if name.endswith("_low") else name
        table.add_row(shown.replace("_", " "), escape(value))
    stdout().print(table)


def _interval(name: str, row: dict[str, Any]) -> str | None:
    if not name.endswith("_low") or row[name] is None:
        return None
    high = name.removesuffix("_low") + "_high"
    return f"{cell(name, row[name])} to {cell(high, row[high])}"


def cell(name: str, value: Any) -> str:
    """Return a value as people read it: a rate in percent, a dash for what is undefined."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        rate = name.removesuffix("_low").removesuffix("_high").endswith(("rate", "share", "share_of_first"))
        return f"{value:.2%}" if rate else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
