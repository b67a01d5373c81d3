"""GA360's BigQuery export: one record per session, with nested totals, device, trafficSource and hits."""

from sqlglot import exp

from ingest.formats.ga360_fields import evidence, fields_of, has_sessions, nested_sections, read_sessions
from ingest.sniff import Sample

NAME = "ga360_bigquery"
TITLE = "GA360 BigQuery sessions (nested JSON or Parquet, or CSV with JSON in its cells)"
REQUIRED = ("fullVisitorId", "visitId", "date", "totals")
GRAIN = "session"

__all__ = ["GRAIN", "NAME", "REQUIRED", "TITLE", "fields_of", "read", "recognises"]


def recognises(sample: Sample) -> str | None:
    """Recognise fullVisitorId, visitId and date beside a nested `hits`, or, except in CSV, a nested `totals`."""
    nested = nested_sections(sample)
    if not has_sessions(sample) or not ("hits" in nested or (nested and sample.kind != "csv")):
        return None
    return f"{evidence(sample)} beside the records {', '.join(nested.values())}"


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per record; without hits, the hit-level fields are unknown."""
    return read_sessions(sample)
