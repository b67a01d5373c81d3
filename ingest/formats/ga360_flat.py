"""Flat GA360 sessions: a CSV with one row per visit and day, revenue in micros."""

from sqlglot import exp

from ingest.formats.ga360_fields import SESSION_GRAIN, finer_grain, found_columns
from ingest.raw import raw_sessions
from ingest.sniff import Sample
from ingest.sources import Shape, csv_column, csv_relation

NAME = "ga360_flat"
TITLE = "Flat GA360 sessions (CSV)"
REQUIRED = ("fullVisitorId", "visitId", "date")
GRAIN = "session"


def recognises(sample: Sample) -> str | None:
    """Recognise a CSV with a visitor, a visit and a date column, and no product or hit columns."""
    if sample.kind != "csv" or finer_grain(sample):
        return None
    found = found_columns(sample)
    if any(field not in found for field in SESSION_GRAIN):
        return None
    return "columns " + ", ".join(sample.header[found[field]] for field in SESSION_GRAIN)


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per CSV row."""
    fields = {field: csv_column(position) for field, position in found_columns(sample).items()}
    return raw_sessions(csv_relation(sample), fields)


def fields_of(sample: Sample) -> Shape:
    """Return nothing: the shape is no JSON."""
    return {}
