"""GA360 rows of hits or products (an unnested export): rolled up to the sessions that they belong to."""

from collections.abc import Mapping

from sqlglot import exp, parse_one

from ingest.formats.ga360_fields import (
    evidence,
    finer_grain,
    has_sessions,
    nested_sections,
    session_fields,
    shape_of,
)
from ingest.nested import json_fields, nested_relation
from ingest.raw import raw_sessions
from ingest.sniff import Sample
from ingest.sources import Shape

NAME = "ga360_hits"
TITLE = "GA360 hits or products, rolled up to sessions"
REQUIRED = ("fullVisitorId", "visitId", "date", "hitNumber (or productSKU, transactionId, ...)")
GRAIN = "hit"

HIT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "hit_number": ("hitnumber", "hitshitnumber"),
    "hit_type": ("type", "hitstype", "hittype"),
    "hit_page": ("pagepath", "hitspagepagepath", "pagepagepath"),
    "hit_host": ("hitspagehostname", "pagehostname", "hostname"),
    "hit_action": ("ecommerceactiontype", "hitsecommerceactionactiontype", "ecommerceactionactiontype"),
    "hit_order": ("transactionid", "hitstransactiontransactionid", "transactiontransactionid"),
    "hit_revenue": ("hitstransactiontransactionrevenue", "transactiontransactionrevenue", "transactionrevenue"),
}
"""What a hit tells -> folded names of columns that may give it, best first."""

NUMBERS = ("visit_number", "new_visit", "pageviews", "events", "duration", "transactions", "revenue_micros")
LARGEST = "coalesce(cast(max(try_cast({0} as decimal(24, 6))) as varchar), max({0}))"
FIRST = "arg_min({0}, row)"

HIT_FIELDS = {
    "pageviews": (("hit_number", "hit_type"), "count(distinct hit_number) filter (hit_type = 'PAGE')"),
    "transactions": (("hit_order",), "count(distinct nullif(trim(hit_order), ''))"),
    "revenue_micros": (
        ("hit_order", "hit_revenue"),
        "list_sum(list_transform(list_distinct(list({'hit_order': hit_order, 'hit_revenue': hit_revenue}) "
        "filter (nullif(trim(hit_revenue), '') is not null)), lambda o: try_cast(o.hit_revenue as decimal(24, 6))))",
    ),
    "landing_page": (
        ("hit_page", "hit_type", "hit_number"),
        "arg_min(hit_page, try_cast(hit_number as integer)) filter (hit_type = 'PAGE')",
    ),
    "hostname": (("hit_host", "hit_number"), "arg_min(hit_host, try_cast(hit_number as integer))"),
    "viewed_item": (("hit_action", "hit_number"), "bool_or(coalesce(hit_action, '') = '2')"),
    "added_to_cart": (("hit_action", "hit_number"), "bool_or(coalesce(hit_action, '') = '3')"),
    "began_checkout": (("hit_action", "hit_number"), "bool_or(coalesce(hit_action, '') = '5')"),
}
"""Raw field -> what of a hit it needs, and how the hits of a session tell it where no column of the session does.

Without numbers of hits, nothing says that all hits of a session are there, so what none of them did stays unknown."""


def recognises(sample: Sample) -> str | None:
    """Recognise flat visitor, visit and date columns beside columns of hits or products."""
    finer = finer_grain(sample)
    if not finer or nested_sections(sample) or not has_sessions(sample):
        return None
    return f"columns {evidence(sample)}, and of hits or products {', '.join(finer[:4])}"


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per visitor, visit and day: the largest of each number, the first of each text."""
    session, hit = _session_fields(sample), _hit_fields(sample)
    row = exp.Window(this=exp.func("row_number"))
    columns = [exp.alias_(value, field) for field, value in (session | hit).items()]
    rows = exp.select(*columns, exp.alias_(row, "row")).from_(nested_relation(sample, _shape_of(sample)))
    grouped = [field for field in ("visitor", "visit", "date") if field in session]
    if "visit" not in session:
        grouped.append("visit_number")
    rolled: dict[str, exp.Expr | None] = {field: exp.column(field) for field in grouped}
    for field in session.keys() - set(grouped):
        template = LARGEST if field in NUMBERS else FIRST
        rolled[field] = _parsed(template.replace("{0}", field))
    for field, (needs, text) in HIT_FIELDS.items():
        if field not in session and hit.keys() >= set(needs):
            rolled[field] = exp.cast(_parsed(text), "VARCHAR")
    rolled["row"] = _parsed("cast(min(row) as varchar)")
    rolled["rows"] = _parsed("cast(count(*) as varchar)")
    return raw_sessions(rows.subquery("hits"), rolled).group_by(*(exp.column(field) for field in grouped))


def fields_of(sample: Sample) -> Shape:
    """Return the JSON fields that are read, by the file's own names."""
    return json_fields(sample, _shape_of(sample)) if sample.kind == "json" else {}


def _session_fields(sample: Sample) -> dict[str, exp.Expr]:
    """Return the fields of the session; a revenue beside order ids is the order's, unless it is named a total."""
    fields = session_fields(sample)
    hit = _hit_fields(sample)
    own = sample.flat.get("transactionrevenue", "")
    if "hit_order" in hit and own and not own.lower().startswith("totals"):
        total = sample.flat.get("totaltransactionrevenue")
        if total:
            fields["revenue_micros"] = exp.column(total, quoted=True)
        else:
            fields.pop("revenue_micros", None)
    return fields


def _hit_fields(sample: Sample) -> dict[str, exp.Expr]:
    names = sample.flat
    found = {field: next((names[key] for key in keys if key in names), None) for field, keys in HIT_COLUMNS.items()}
    return {field: exp.column(name, quoted=True) for field, name in found.items() if name}


def _shape_of(sample: Sample) -> Shape:
    hits = [sample.flat[key] for keys in HIT_COLUMNS.values() for key in keys if key in sample.flat]
    return {**shape_of(sample), **dict.fromkeys(hits)}


def _parsed(text: str) -> exp.Expr:
    return parse_one(text, dialect="duckdb")
