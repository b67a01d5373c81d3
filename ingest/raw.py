"""The raw session: what every format file gives, as text, before anything is judged."""

from collections.abc import Mapping

from sqlglot import exp

FILLS = {
    "session_key": ("session_id",),
    "visitor": ("session_id", "visitor_id"),
    "visit": ("session_id", "session_start"),
    "visit_number": ("visit_number", "visitor_type"),
    "new_visit": ("visitor_type",),
    "visitor_type": ("visitor_type",),
    "date": ("session_date",),
    "start": ("session_start",),
    "device_category": ("device_category",),
    "operating_system": ("operating_system",),
    "browser": ("browser",),
    "country": ("country",),
    "region": ("region",),
    "channel_group": ("channel_group",),
    "source": ("source",),
    "medium": ("medium",),
    "campaign": ("campaign",),
    "landing_page": ("landing_page",),
    "hostname": ("hostname",),
    "pageviews": ("pageviews",),
    "events": ("events",),
    "duration": ("duration_seconds",),
    "engaged": ("engaged",),
    "viewed_item": ("viewed_item",),
    "added_to_cart": ("added_to_cart",),
    "began_checkout": ("began_checkout",),
    "transactions": ("transactions",),
    "revenue_micros": ("revenue",),
    "revenue": ("revenue",),
    "defect": (),
}
"""Raw field -> the session columns it helps to fill. `revenue_micros` are millionths, `revenue` whole units;
`start` is epoch seconds or an ISO timestamp; `defect` says why the format could not read the row at all."""

RAW_FIELDS = tuple(FILLS)


def raw_sessions(relation: exp.Expr, fields: Mapping[str, exp.Expr | None]) -> exp.Select:
    """Select the raw fields, in their fixed order, from a relation; a field not given is NULL.

    Raises KeyError for a name that is no raw field.
    """
    if unknown := set(fields) - set(RAW_FIELDS):
        raise KeyError(f"{sorted(unknown)} are no raw fields; choose from {RAW_FIELDS}")
    columns = [exp.alias_(fields.get(name) or exp.cast(exp.null(), "VARCHAR"), name) for name in RAW_FIELDS]
    return exp.select(*columns).from_(relation)


def filled_columns(query: exp.Select) -> frozenset[str]:
    """Return the session columns that a raw-session query can fill."""
    given = (column.alias for column in query.expressions if not isinstance(_inner(column), exp.Null))
    return frozenset(name for field in given for name in FILLS[field])


def _inner(column: exp.Expr) -> exp.Expr:
    expression = column.this
    return expression.this if isinstance(expression, exp.Cast) else expression
