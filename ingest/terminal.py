"""The report of an ingest on a terminal: a line or two a file, then what is to be said."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.report import IngestReport
from ingest.telling import COLUMNS, closing, findings, table_rows

WIDE_ENOUGH = 140
"""Columns of a terminal from which an ingest is told as a table; below, a file is two lines."""

FINDING_STYLES = {"refused": "bold red", "rejected": "red", "warning": "yellow", "note": "dim"}


def print_report(report: IngestReport, out: Console) -> None:
    """Print one line per file, then what was refused, rejected or is odd, in words."""
    rows = table_rows(report)
    if out.width < WIDE_ENOUGH:
        for name, *cells in rows:
            figures = zip(COLUMNS[2:-1], cells[1:-1], strict=True)
            told = ", ".join(f"{label.lower()} {cell}" for label, cell in figures if cell not in ("", "0"))
            told = " · ".join(part for part in (cells[0], told, cells[-1]) if part)
            out.print(f"[bold]{escape(name)}[/bold]\n  {escape(told)}", highlight=False, soft_wrap=True)
    else:
        table = Table(title="Ingest", title_justify="left", header_style="bold", box=None, pad_edge=False)
        for name in COLUMNS:
            table.add_column(name, justify="left" if name in ("File", "Shape", "Days") else "right", overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row), style="red" if row[1] == "refused" else None)
        out.print(table)
    for finding in findings(report):
        style = FINDING_STYLES[finding.kind]
        told = f"[{style}]{finding.kind:8}[/{style}] {escape(finding.where)}: {escape(finding.text)}"
        out.print(told, highlight=False, soft_wrap=True)
    if report.rejects:
        out.print(f"The rejected rows are in {escape(report.rejects)}", highlight=False, soft_wrap=True)
    out.print(closing(report), highlight=False, soft_wrap=True)
