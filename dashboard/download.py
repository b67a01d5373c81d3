"""What a person takes away: exact figures that name their filters, days and data version, and the SQL behind a card."""

import csv
import datetime as dt
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.charts.segments import segment_words
from dashboard.filters import FOCUS, chips, filter_sentences
from dashboard.format import day, exact
from dashboard.periods import Days
from dashboard.selection import Selection
from dashboard.world import country_name
from queries.engine import Result
from queries.judged import Explained, found_of
from queries.metrics import METRICS
from queries.movers import Movers
from queries.watch_report import Watch

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
METHODS = Path(__file__).with_name("methods.toml")
TITLES = {metric.name: metric.title for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Stated:
    """Hold what every file says about itself: filters, days, comparison, store, data version and row counts.

    `span` are the first and last day of the store, None without sessions; `loaded` is when its newest data came in.
    """

    selection: Selection
    view: str
    days: str
    compared: str
    version: int
    shown: int
    total: int
    store: str = ""
    loaded: dt.datetime | None = None
    span: Days | None = None


def file_name(selection: Selection, version: int) -> str:
    """Return a file name that says what was looked at: silent-leak_country-is-us_v3."""
    words = [
        f"{chip['title']} {'is not' if chip['exclude'] else 'is'} {chip['label']}"
        for chip in chips(selection)
        if chip["dimension"] != FOCUS
    ]
    first, last = selection.shown_dates
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
    loaded = f", loaded {moment(stated.loaded)}" if stated.loaded else ""
    return [
        f"Filters: {filters}; funnel {funnel.name}{steps}",
        f"Days: {stated.days}; {compared}",
        f"Store {stated.store}, data version {stated.version}{loaded}; {exact(stated.shown)} of {exact(stated.total)} "
        f"session{'s' * (stated.total != 1)}",
    ]


def moment(when: dt.datetime) -> str:
    """Return a moment in words: 24 Nov 2026, 17:05 UTC."""
    return f"{day(when.date(), year=True)}, {when:%H:%M} UTC"


def tables_of(results: Sequence[Result]) -> list[Result]:
    """Return the results behind a card that are tables of their own, each once: one file of figures each.

    Where there is nothing to show, the first: its file says what it is, and holds no row.
    """
    tables: dict[Any, Result] = {}
    for result in results:
        if result.rows or result.sql:
            tables.setdefault((result.sql, repr(result.parameters)) if result.sql else id(result), result)
    return list(tables.values()) or list(results[:1])


def csv_bytes(label: str, results: Sequence[Result], stated: Stated) -> tuple[str, bytes]:
    """Return ("csv", file) for one table behind a card, ("csv.zip", files) for several: one table a file.

    Lines that begin with # say what a file is; readers skip them, such as pandas with comment="#". The mark before
    them tells Excel that the file is UTF-8.
    """
    return _packed("csv", [(name_of(r), csv_text(label, r, stated).encode("utf-8-sig")) for r in tables_of(results)])


def csv_text(label: str, result: Result, stated: Stated) -> str:
    """Return one table as CSV with quoted text, after lines that begin with # and say what it is."""
    now = moment(dt.datetime.now(dt.UTC))
    out = io.StringIO()
    for line in (label, *stated_lines(stated), about(result, stated), f"Made {now}"):
        out.write(f"# {' '.join(line.split())}\n")
    if rows := named_rows(result):
        write = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        write.writerow(rows[0])
        write.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def parquet_bytes(label: str, results: Sequence[Result], stated: Stated) -> tuple[str, bytes]:
    """Return ("parquet", file) for one table behind a card, ("parquet.zip", files) for several.

    Each file's key-value metadata says what it is, as the head of a CSV does.
    """
    files = []
    for result in tables_of(results):
        said = {"silent_leak": json.dumps([label, *stated_lines(stated), about(result, stated)]), "sql": result.sql}
        rows = named_rows(result)
        columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
        table = pa.table(columns or {"empty": []}).replace_schema_metadata(said)
        out = io.BytesIO()
        pq.write_table(table, out)
        files.append((name_of(result), out.getvalue()))
    return _packed("parquet", files)


def _packed(ending: str, files: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    if len(files) == 1:
        return ending, files[0][1]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (name, content) in enumerate(files, start=1):
            archive.writestr(f"{place}_{name}.{ending}", content)
    return f"{ending}.zip", packed.getvalue()


def name_of(result: Result) -> str:
    """Return the name of one table among several: its metric, its dimension and its days, where it has its own."""
    days = (result.filters.date_from, result.filters.date_to)
    split = f"_by_{result.by}" if result.by else ""
    return "_".join([result.metric + split, *(date.isoformat() for date in days if date)])


def named_rows(result: Result) -> list[dict[str, Any]]:
    """Return the rows of a file: with the page's names beside country codes and the segments of leaks and falls.

    The column of the segments is called after the dimension that was split by.
    """
    rows = [_named(row, result.by) for row in result.rows]
    found = found_of(result)
    named = (
        found.report.rows if isinstance(found, Explained) else found.rows if isinstance(found, Movers | Watch) else ()
    )
    for row, one in zip(rows, named, strict=bool(named)):
        row["segment_name"] = segment_words(one.segment)
    return rows


def _named(row: Mapping[str, Any], by: str | None) -> dict[str, Any]:
    named = {}
    for column, value in row.items():
        name = by if by and column == "segment" else column
        named[name] = value
        if name == "country":
            named["country_name"] = country_name(value)
    return named


def about(result: Result, stated: Stated) -> str:
    """Return what one table holds: its title, its days, its rows, its data version."""
    filters, span = result.filters, stated.span
    first, last = filters.date_from or (span and span.first), filters.date_to or (span and span.last)
    days = f"{first} to {last}" if first and last else "no days"
    title = TITLES.get(result.metric, result.metric)
    rows = f"{exact(len(result.rows))} row{'s' * (len(result.rows) != 1)}"
    return f"{title}; {days}; {rows}; data version {result.store_version}"


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
    cards = {name: entry["paragraphs"] for name, entry in held.items() if name != "words"}
    return {name: [" ".join(text.split()) for text in paragraphs] for name, paragraphs in cards.items()}


@cache
def words() -> list[dict[str, str]]:
    """Return the words of the page with what they mean, in the order to read them; read from `methods.toml`."""
    held = tomllib.loads(METHODS.read_text(encoding="utf-8"))
    return [{name: " ".join(text.split()) for name, text in entry.items()} for entry in held["words"]]


def method_of(card: str) -> list[str]:
    """Return how a card is computed; one sentence that says so where nothing is written yet."""
    return methods().get(card, ["Nothing is written about this card yet: its SQL shows what is counted."])
