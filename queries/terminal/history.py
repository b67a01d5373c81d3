"""The versions of a store on a terminal, and what was done in each."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from queries.filters import Filters
from queries.store import Commit
from queries.terminal.arguments import Format
from queries.terminal.console import stdout
from queries.terminal.rows import print_rows


def print_history(commits: Sequence[Commit], output: Format) -> None:
    """Print one row a version as a table for people, or as JSON or CSV for programs."""
    rows = [
        {
            "version": commit.version,
            "at": f"{commit.at:%Y-%m-%d %H:%M:%S}Z",
            "operation": commit.operation,
            "summary": summary_words(commit.summary),
        }
        for commit in commits
    ]
    if output is Format.JSON:
        print(json.dumps(rows, indent=2))
    elif output is Format.CSV:
        print_rows("history", 0, Filters(), rows, output)
    else:
        table = Table("version", "at", "operation", "summary", header_style="bold", box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(escape(str(value)) for value in row.values()))
        stdout().print(table)


def summary_words(summary: Mapping[str, Any]) -> str:
    """Return what a version's summary says beside its operation."""
    return ", ".join(f"{name}: {value}" for name, value in summary.items() if name != "operation")
