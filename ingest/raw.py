"""The raw session: what every format file gives, as text (or typed, see TYPES), before anything is judged."""

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
    "unread": (),
    "row": (),
    "rows": (),
}
"""Raw field -> the session columns it helps to fill. `revenue_micros` are millionths, `revenue` whole units;
`start` is epoch seconds or an ISO timestamp; `defect` says why the format could not read the row at all, `unread` names
the column that it could not read of a row that is used without it; `row` is the first and `rows` the number of the
export's rows that a session was rolled up from (NULL: a row is a session)."""

RAW_FIELDS = tuple(FILLS)

TYPES = {
    "visit_number": "BIGINT",
    "new_visit": "BIGINT",
    "pageviews": "BIGINT",
    "events": "BIGINT",
    "duration": "BIGINT",
    "transactions": "BIGINT",
    "date": "DATE",
    "start": "TIMESTAMP WITH TIME ZONE",
    "engaged": "BOOLEAN",
    "viewed_item": "BOOLEAN",
    "added_to_cart": "BOOLEAN",
    "began_checkout": "BOOLEAN",
    "revenue_micros": "BIGINT",
    "revenue": "DECIMAL(18, 6)",
}
"""Raw field -> the type that it may have instead of text: it is then taken as it is, not parsed."""

EVENT_FILLS = {
    "user": ("session_id", "visitor_id"),
    "session": ("session_id",),
    "date": ("session_date",),
    "at": ("session_start", "duration_seconds"),
    "name": ("pageviews", "events", "viewed_item", "added_to_cart", "began_checkout", "transactions"),
    "content": (),
    "session_number": ("visit_number", "visitor_type"),
    "engaged": ("engaged",),
    "engagement_msec": (),
    "entrances": (),
    "page": ("landing_page", "hostname"),
    "hostname": ("hostname",),
    "session_source": ("source", "channel_group"),
    "session_medium": ("medium", "channel_group"),
    "session_campaign": ("campaign",),
    "session_channel": ("channel_group",),
    "event_source": ("source", "channel_group"),
    "event_medium": ("medium", "channel_group"),
    "event_campaign": ("campaign",),
    "click_id": (),
    "user_source": ("source", "channel_group"),
    "user_medium": ("medium", "channel_group"),
    "user_campaign": ("campaign",),
    "device_category": ("device_category",),
    "operating_system": ("operating_system",),
    "browser": ("browser",),
    "country": ("country",),
    "region": ("region",),
    "transaction": (),
    "revenue": ("revenue",),
}
"""Raw field of an event -> the session columns it helps to fill. `content` is a hash of all there is to the event: two
events with the same content at the same moment are one; `at` is epoch microseconds or an ISO timestamp."""

EVENT_FIELDS = tuple(EVENT_FILLS)


def raw_sessions(relation: exp.Expr, fields: Mapping[str, exp.Expr | None]) -> exp.Select:
    """Select the raw fields, in their fixed order, from a relation; a field not given is NULL.

    Raises KeyError for a name that is no raw field.
    """
    return _select(RAW_FIELDS, relation, fields, TYPES)


def raw_events(relation: exp.Expr, fields: Mapping[str, exp.Expr | None]) -> exp.Select:
    """Select the raw fields of events, in their fixed order, from a relation; a field not given is NULL.

    Raises KeyError for a name that is no raw field of an event.
    """
    return _select(EVENT_FIELDS, relation, fields, {})


def filled_columns(query: exp.Select) -> frozenset[str]:
    """Return the session columns that a query of raw sessions or events can fill."""
    given = [column.alias for column in query.expressions if not isinstance(_inner(column), exp.Null)]
    fills = EVENT_FILLS if query.named_selects == list(EVENT_FIELDS) else FILLS
    return frozenset(name for field in given for name in fills[field])


def reads_micros(query: exp.Select) -> bool:
    """Say whether a query of raw sessions takes revenue for micros."""
    return any(
        column.alias == "revenue_micros" and not isinstance(_inner(column), exp.Null) for column in query.expressions
    )


def in_whole_units(query: exp.Select) -> exp.Select:
    """Return the query with the revenue that it takes for micros as whole units."""
    columns = {column.alias: column for column in query.expressions}
    micros = columns["revenue_micros"].this
    changed = {"revenue_micros": _nothing(TYPES["revenue_micros"]), "revenue": micros}
    return query.select(
        *(exp.alias_(changed.get(name, column.this), name) for name, column in columns.items()), append=False
    )


def _nothing(sql_type: str) -> exp.Expr:
    """Return NULL for a raw field that an export does not give, typed: nothing is planned to parse it."""
    return exp.cast(exp.null(), sql_type, dialect="duckdb")


def _select(
    names: tuple[str, ...], relation: exp.Expr, fields: Mapping[str, exp.Expr | None], types: Mapping[str, str]
) -> exp.Select:
    if unknown := set(fields) - set(names):
        raise KeyError(f"{sorted(unknown)} are no raw fields; choose from {names}")
    columns = [exp.alias_(fields.get(name) or _nothing(types.get(name, "VARCHAR")), name) for name in names]
    return exp.select(*columns).from_(relation)


def _inner(column: exp.Expr) -> exp.Expr:
    expression = column.this
    return expression.this if isinstance(expression, exp.Cast) else expression
