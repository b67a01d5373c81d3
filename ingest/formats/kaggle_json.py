"""Kaggle's GStore shape: a CSV whose cells device, geoNetwork, totals and trafficSource are JSON objects."""

from sqlglot import exp

from ingest.formats.ga360_fields import evidence, fields_of, has_sessions, nested_sections, read_sessions
from ingest.sniff import Sample

NAME = "kaggle_json"
TITLE = "GA360 sessions with JSON cells (Kaggle GStore CSV)"
REQUIRED = ("fullVisitorId", "visitId", "date", "totals")
GRAIN = "session"

__all__ = ["GRAIN", "NAME", "REQUIRED", "TITLE", "fields_of", "read", "recognises"]


def recognises(sample: Sample) -> str | None:
    """Recognise a CSV with visitor, visit and date columns beside columns of JSON objects."""
    nested = nested_sections(sample)
    if sample.kind != "csv" or not nested or not has_sessions(sample):
        return None
    return f"{evidence(sample)} beside JSON in the cells {', '.join(nested.values())}"


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per CSV row; a cell that is no JSON is the row's defect."""
    return read_sessions(sample)
