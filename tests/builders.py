"""Build what tests speak of: sessions with only the columns that matter, and stores that hold them."""

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from queries.store import Store
from queries.vocabulary import NOT_SET, SESSION_COLUMNS, STORED_DIMENSIONS

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT.parent / "shared" / "fixtures"

ARROW_TYPES = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "SMALLINT": pa.int16(),
    "DATE": pa.date32(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DECIMAL(18, 6)": pa.decimal128(18, 6),
}

_numbers = itertools.count(1)


def session(**given: Any) -> dict[str, Any]:
    """Return one session: one pageview on 2 July 2017, nothing bought, no dimension set, but for what is given."""
    number = next(_numbers)
    row: dict[str, Any] = {column.name: None for column in SESSION_COLUMNS}
    row.update(dict.fromkeys(STORED_DIMENSIONS, NOT_SET))
    row.update(session_id=number, visitor_id=number, session_date=dt.date(2017, 7, 2), pageviews=1, transactions=0)
    row.update(revenue=Decimal(0), export_id="built", export_detail=1)
    unknown = set(given) - set(row)
    assert not unknown, f"not session columns: {unknown}"
    row.update(given)
    row["revenue"] = Decimal(str(row["revenue"]))
    return row


def sessions(count: int, **given: Any) -> list[dict[str, Any]]:
    """Return `count` sessions that share what is given."""
    return [session(**given) for _ in range(count)]


def store_of(folder: Path, rows: list[dict[str, Any]]) -> Store:
    """Write sessions into a new store in the folder."""
    store = Store(folder)
    arrays = {c.name: pa.array([row[c.name] for row in rows], ARROW_TYPES[c.sql_type]) for c in SESSION_COLUMNS}
    table = pa.table(
        {**arrays, "session_month": pa.array([f"{row['session_date']:%Y-%m}" for row in rows], pa.string())}
    )
    write_deltalake(str(store.sessions), table, partition_by=["session_month"], mode="overwrite")
    return store


FLAT_HEADER = (
    "fullVisitorId,visitId,visitNumber,date,deviceCategory,country,source,pageviews,timeOnSite,transactions,"
    "transactionRevenue"
)


def flat_line(**given: Any) -> str:
    """Return one line of a flat GA360 CSV: a desktop visit from google on 4 July 2017, but for what is given."""
    number = next(_numbers)
    cells = dict.fromkeys(FLAT_HEADER.split(","), "")
    cells.update(fullVisitorId=f"70070418176917{number:05d}", visitId=str(1499201738 + number), visitNumber="1")
    cells.update(date="20170704", deviceCategory="desktop", country="Taiwan", source="google", pageviews="3")
    unknown = set(given) - set(cells)
    assert not unknown, f"not columns of a flat export: {unknown}"
    cells.update({name: str(value) for name, value in given.items()})
    return ",".join(cells.values())


def flat_csv(path: Path, *lines: str, header: str = FLAT_HEADER) -> Path:
    """Write a flat GA360 CSV of those lines."""
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def stored_rows(store: Store, *columns: str) -> list[dict[str, Any]]:
    """Return what a store holds, sorted by session; all session columns unless some are named."""
    wanted = list(columns) or [column.name for column in SESSION_COLUMNS]
    rows = pa.table(store.table().to_pyarrow_table(columns=list({"session_date", "session_id", *wanted}))).to_pylist()
    rows.sort(key=lambda row: (row["session_date"], row["session_id"]))
    return [{name: row[name] for name in wanted} for row in rows]
