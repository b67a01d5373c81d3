"""Flat GA360 sessions: one row per visit and day, revenue in micros."""

from sqlglot import exp

from ingest.formats.ga360_fields import (
    evidence,
    fields_of,
    finer_grain,
    has_sessions,
    nested_sections,
    read_sessions,
)
from ingest.sniff import Sample

NAME = "ga360_flat"
TITLE = "Flat GA360 sessions (CSV, JSON or Parquet)"
REQUIRED = ("fullVisitorId", "visitId", "date")
GRAIN = "session"

__all__ = ["GRAIN", "NAME", "REQUIRED", "TITLE", "fields_of", "read", "recognises"]


def recognises(sample: Sample) -> str | None:
    """Recognise flat visitor, visit and date columns, and no product or hit columns."""
    if finer_grain(sample) or nested_sections(sample) or not has_sessions(sample):
        return None
    return f"columns {evidence(sample)}"


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per row."""
    return read_sessions(sample)
