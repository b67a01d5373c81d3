"""What a person takes away: exact figures that name their filters, days and data version, and the SQL behind a card."""

import csv
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.filters import FOCUS, chips, filter_sentences
from dashboard.format import exact, plural
from dashboard.selection import Selection
from queries.engine import Result
from queries.metrics import METRICS

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
METHODS = Path(__file__).with_name("methods.toml")
TITLES = {metric.name: metric.title for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Stated:
    """Hold what every file says about itself: filters, days, comparison, data version and row counts."""

    selection: Selection
    view: str
    days: str
    compared: str
    version: int
    shown: int
    total: int


def file_name(selection: Selection, version: int) -> str:
    """Return a file name that says what was looked at: silent-leak_country-is-us_v3."""
    words = [
        f"{chip['title']} {'is not' if chip['exclude'] else 'is'} {chip['label']}"
        for chip in chips(selection)
        if chip["dimension"] != FOCUS
    ]
    first, last = selection.dates
    if first or last:
        words.insert(0, f"{first or ''} to {last or ''}")
    safe = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")[:40] for word in words]
    return "_".join(["silent-leak", *safe[:4], f"v{version}"])


def stated_lines(stated: Stated) -> list[str]:
    """Return what a file says about itself, one fact a line."""
    filters = "; ".join(filter_sentences(stated.selection)) or "all sessions"
    compared = f"compared with {stated.compared}" if stated.compared else "compared with nothing"
    funnel = stated.selection.funnel
    steps = "" if funnel == stated.selection.whole_funnel else f" ({' → '.join(step.name for step in funnel.steps)})"
    return [
        f"Filters: {filters}; funnel {funnel.name}{steps}",
        f"Days: {stated.days}; {compared}",
        f"Data version {stated.version}; {exact(stated.shown)} of {plural(stated.total, 'session')}",
    ]


def csv_text(label: str, results: Sequence[Result], stated: Stated) -> str:
    """Return the rows behind a card, one block a metric, after lines that begin with # and say what they are."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow([f"# {label}"])
    write.writerows([f"# {line}"] for line in stated_lines(stated))
    for result in results:
        if not result.rows and not result.sql:
            continue
        write.writerow([f"# {_about(result)}"])
        if result.rows:
            write.writerow(result.rows[0])
            write.writerows([_cell(value) for value in row.values()] for row in result.rows)
    return out.getvalue()


def parquet_bytes(label: str, results: Sequence[Result], stated: Stated) -> tuple[str, bytes]:
    """Return ("parquet", file) for one question behind a card, ("zip", files) for several.

    Each file's key-value metadata says what it is, as the head of a CSV does.
    """
    files = []
    for result in results:
        if result.rows or result.sql:
            said = {"silent_leak": json.dumps([label, *stated_lines(stated), _about(result)]), "sql": result.sql}
            table = pa.table(result.columns or {"empty": []}).replace_schema_metadata(said)
            out = io.BytesIO()
            pq.write_table(table, out)
            files.append((f"{len(files) + 1}_{result.metric}.parquet", out.getvalue()))
    if len(files) == 1:
        return "parquet", files[0][1]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return "zip", packed.getvalue()


def _about(result: Result) -> str:
    filters = result.filters
    days = f"{filters.date_from or 'first day'} to {filters.date_to or 'last day'}"
    title = TITLES.get(result.metric, result.metric)
    return f"{title}; {days}; {plural(len(result.rows), 'row')}; data version {result.store_version}"


def _cell(value: Any) -> Any:
    """Return a value that a spreadsheet will not take for a formula: sources and campaigns are anyone's text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def questions(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the statements behind a card with their bound values, each once."""
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        if result.sql:
            values = [(name, str(value)) for name, value in result.parameters.items()]
            title = TITLES.get(result.metric, result.metric)
            shown[result.sql, repr(values)] = {"title": title, "sql": result.sql, "parameters": values}
    return list(shown.values())


@cache
def methods() -> dict[str, list[str]]:
    """Return how each card is computed, by card name, in paragraphs; read from `methods.toml`."""
    held = tomllib.loads(METHODS.read_text(encoding="utf-8"))
    return {name: [" ".join(text.split()) for text in entry["paragraphs"]] for name, entry in held.items()}


def method_of(card: str) -> list[str]:
    """Return how a card is computed; one sentence that says so where nothing is written yet."""
    return methods().get(card, ["Nothing is written about this card yet: its SQL shows what is counted."])
