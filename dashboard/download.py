"""What a person takes away: exact figures as CSV that names its filters and data version, and the SQL behind a card."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

from dashboard.filters import chips
from dashboard.selection import Selection
from queries.engine import Result
from queries.metrics import metric_named

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def file_name(selection: Selection, version: int) -> str:
    """Return a file name that says what was looked at: silent-leak_country-is-us_v3."""
    words = [f"{chip['title']} {'is not' if chip['exclude'] else 'is'} {chip['label']}" for chip in chips(selection)]
    safe = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:40] for word in words]
    return "_".join(["silent-leak", *safe[:4], f"v{version}"])


def filters_sentence(selection: Selection) -> str:
    """Return the filters as one sentence for the head of a file."""
    words = [f"{chip['title']} {'is not' if chip['exclude'] else 'is'} {chip['values']}" for chip in chips(selection)]
    return "; ".join(words) or "all sessions"


def csv_text(label: str, results: Sequence[Result], selection: Selection) -> str:
    """Return the rows behind a card, one block a metric, after lines that begin with # and say what they are."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow([f"# {label}"])
    write.writerow([f"# {filters_sentence(selection)}; funnel {selection.funnel_name}"])
    for result in results:
        write.writerow([f"# {metric_named(result.metric).title}; data version {result.store_version}"])
        if result.rows:
            write.writerow(result.rows[0])
            write.writerows([_cell(value) for value in row.values()] for row in result.rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Return a value that a spreadsheet will not take for a formula: sources and campaigns are anyone's text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def questions(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the statements behind a card with their bound values, each once."""
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        values = [(name, str(value)) for name, value in result.parameters.items()]
        title = metric_named(result.metric).title
        shown[result.sql, repr(values)] = {"title": title, "sql": result.sql, "parameters": values}
    return list(shown.values())
