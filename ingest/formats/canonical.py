"""Our own words: a CSV or Parquet file whose columns are named like the session columns of the vocabulary."""

from sqlglot import exp

from ingest.raw import TYPES, raw_sessions
from ingest.sniff import Sample
from ingest.sources import Shape, csv_column, csv_relation, parquet_relation
from queries.vocabulary import COLUMN_NAMES

NAME = "canonical"
TITLE = "Sessions in the vocabulary's own columns (CSV or Parquet)"
REQUIRED = ("session_date", "session_id (or visitor_id with visit_number)")
GRAIN = "session"

RENAMED = {
    "session_key": "session_id",
    "visitor": "visitor_id",
    "date": "session_date",
    "start": "session_start",
    "duration": "duration_seconds",
}
SAME = (
    *("visit_number", "visitor_type", "device_category", "operating_system", "browser", "country", "region"),
    *("channel_group", "source", "medium", "campaign", "landing_page", "hostname", "pageviews", "events", "engaged"),
    *("viewed_item", "added_to_cart", "began_checkout", "transactions", "revenue"),
)
WIDENED = {
    "BIGINT": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT"),
    "DATE": ("DATE",),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMP WITH TIME ZONE",),
    "BOOLEAN": ("BOOLEAN",),
    "DECIMAL(18, 6)": ("DECIMAL(18,6)",),
}
"""Type of a raw field -> DuckDB's names of the column types that are taken for it without being read as text."""

COLUMNS = RENAMED | {name: name for name in SAME}


def recognises(sample: Sample) -> str | None:
    """Recognise the column session_date beside session_id, or beside visitor_id and visit_number."""
    names = _positions(sample)
    if sample.kind not in ("csv", "parquet") or not ("session_date" in names or sample.day):
        return None
    if "session_id" not in names and not {"visitor_id", "visit_number"} <= names.keys():
        return None
    return "columns " + ", ".join(name for name in COLUMN_NAMES if name in names)


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per row; columns outside the vocabulary are left out."""
    positions = _positions(sample)
    given = {field: name for field, name in COLUMNS.items() if name in positions}
    fields: dict[str, exp.Expr | None]
    if sample.kind == "parquet":
        fields = {field: _parquet_column(sample, positions[name], field) for field, name in given.items()}
    else:
        fields = {field: csv_column(positions[name]) for field, name in given.items()}
    if "date" not in given and sample.day:
        fields["date"] = exp.Literal.string(sample.day)
    return raw_sessions(parquet_relation(sample) if sample.kind == "parquet" else csv_relation(sample), fields)


def fields_of(sample: Sample) -> Shape:
    """Return nothing: the shape is no JSON."""
    return {}


def _parquet_column(sample: Sample, position: int, field: str) -> exp.Expr:
    """Return a column of the type that the field may have as it is, any other as text."""
    column = exp.column(sample.header[position], quoted=True)
    wanted, actual = TYPES.get(field, ""), sample.types[position]
    if actual in WIDENED.get(wanted, ()):
        return column
    return exp.cast(column, "VARCHAR")


def _positions(sample: Sample) -> dict[str, int]:
    return {name.strip().lower(): position for position, name in reversed(list(enumerate(sample.header)))}
