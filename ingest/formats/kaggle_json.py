"""Kaggle's GStore shape: a CSV whose cells device, geoNetwork, totals and trafficSource are JSON objects."""

import json

from sqlglot import exp

from ingest.formats.ga360_fields import SESSION_GRAIN, found_columns
from ingest.raw import raw_sessions
from ingest.sniff import Sample
from ingest.sources import Shape, csv_column, csv_relation

NAME = "kaggle_json"
TITLE = "GA360 sessions with JSON cells (Kaggle GStore CSV)"
REQUIRED = ("fullVisitorId", "visitId", "date", "totals")
GRAIN = "session"

CELLS = {
    "totals": {
        "new_visit": ("newVisits",),
        "pageviews": ("pageviews",),
        "events": ("hits",),
        "duration": ("timeOnSite",),
        "transactions": ("transactions",),
        "revenue_micros": ("transactionRevenue",),
    },
    "device": {
        "device_category": ("deviceCategory",),
        "operating_system": ("operatingSystem",),
        "browser": ("browser",),
    },
    "geonetwork": {"country": ("country",), "region": ("region",)},
    "trafficsource": {"source": ("source",), "medium": ("medium",), "campaign": ("campaign",)},
}


def recognises(sample: Sample) -> str | None:
    """Recognise a CSV with visitor, visit and date columns and a `totals` column of JSON objects."""
    if sample.kind != "csv" or "totals" not in sample.keys:
        return None
    found = found_columns(sample)
    if any(field not in found for field in SESSION_GRAIN):
        return None
    if not any(_is_object(cell) for cell in sample.cells("totals")):
        return None
    cells = [sample.header[position] for key, position in sample.keys.items() if key in CELLS]
    return "JSON objects in the cells " + ", ".join(cells)


def read(sample: Sample) -> exp.Select:
    """Return the raw sessions, one per CSV row; a cell that is no JSON is the row's defect."""
    keys = sample.keys
    fields: dict[str, exp.Expr | None] = {
        field: csv_column(position) for field, position in found_columns(sample).items()
    }
    parsed: list[exp.Expr] = [exp.Star()]
    defect = exp.Case()
    for cell, members in CELLS.items():
        if cell not in keys:
            continue
        column = exp.column(f"c{keys[cell]}")
        valid = exp.func("json_valid", column)
        shape = exp.Literal.string(json.dumps({names[0]: "VARCHAR" for names in members.values()}))
        opened = exp.Case().when(valid, exp.Anonymous(this="json_transform", expressions=[column.copy(), shape]))
        parsed.append(exp.alias_(opened, cell))
        fields |= {
            field: exp.Dot.build([exp.column(cell), exp.to_identifier(name)]) for field, (name,) in members.items()
        }
        broken = exp.and_(column.copy().is_(exp.null()).not_(), exp.not_(valid.copy()))
        defect = defect.when(broken, exp.Literal.string(f"{sample.header[keys[cell]]} is not JSON"))
    fields["defect"] = defect
    return raw_sessions(exp.select(*parsed).from_(csv_relation(sample)).subquery("cells"), fields)


def fields_of(sample: Sample) -> Shape:
    """Return nothing: the shape is no JSON."""
    return {}


def _is_object(cell: str) -> bool:
    try:
        return isinstance(json.loads(cell), dict)
    except ValueError:
        return False
