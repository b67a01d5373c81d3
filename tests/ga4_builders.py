"""Build GA4 events as BigQuery exports them, and compare what stores made of them hold."""

import csv
import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builders import stored_rows

from queries.store import Store
from queries.vocabulary import SESSION_COLUMNS

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
CONTENT = [column.name for column in SESSION_COLUMNS if column.name not in ("export_id", "parts", "orders")]


def event(name: str = "page_view", at: str = "2024-03-05 10:00:00", **given: Any) -> dict[str, Any]:
    """Return one GA4 event of user u1 in session 1700000001 at a UTC time; a keyword is a field or an event parameter.

    `user`, `session`, `day`, `traffic` (source, medium, name), `last_click`, `collected`, `ecommerce`, `device`, `geo`
    are the export's fields, anything else an event_param.
    """
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    micros = (moment - EPOCH) // dt.timedelta(microseconds=1)
    session = given.pop("session", 1700000001)
    fields: dict[str, Any] = {
        "event_date": given.pop("day", f"{moment:%Y%m%d}"),
        "event_timestamp": str(micros),
        "event_name": name,
        "user_pseudo_id": given.pop("user", "u1.1"),
        "device": {"category": "desktop", "operating_system": "Windows", "web_info": {"browser": "Edge"}}
        | given.pop("device", {}),
        "geo": {"country": "Germany", "region": "Berlin"} | given.pop("geo", {}),
        "traffic_source": given.pop("traffic", {}),
        "session_traffic_source_last_click": given.pop("last_click", {}),
        "collected_traffic_source": given.pop("collected", {}),
        "ecommerce": given.pop("ecommerce", {}),
    }
    if session is not None:
        given = {"ga_session_id": session, "ga_session_number": 1} | given
    fields["event_params"] = [
        {"key": key, "value": {("string_value" if isinstance(value, str) else "int_value"): str(value)}}
        for key, value in given.items()
        if value is not None
    ]
    return fields


def purchase(transaction: str | None, revenue: float, at: str, **given: Any) -> dict[str, Any]:
    """Return a purchase of that transaction and revenue."""
    ecommerce = {"purchase_revenue": revenue} | ({"transaction_id": transaction} if transaction else {})
    return event("purchase", at, ecommerce=ecommerce, **given)


def ndjson(path: Path, *events: dict[str, Any]) -> Path:
    """Write events as newline-delimited JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in events), encoding="utf-8")
    return path


def csv_of(path: Path, header: str, *rows: Iterable[Any]) -> Path:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def content(store: Store) -> list[dict[str, Any]]:
    """Return a store's sessions by id: all columns but those that name the export they came from."""
    return sorted(stored_rows(store, *CONTENT), key=lambda row: row["session_id"])


def parts(store: Store) -> list[list[dict[str, Any]]]:
    """Return what each day adds to each session, without the export's name."""
    told = sorted(stored_rows(store, "session_id", "parts"), key=lambda row: row["session_id"])
    return [[part | {"export_id": ""} for part in json.loads(row["parts"])] for row in told]
