"""What is odd about a staged file: rejected rows by reason, and warnings about the whole file."""

import datetime as dt
import math
import statistics
from collections.abc import Iterable, Sequence

import duckdb

from ingest.engine import glob_safe, run
from ingest.mend import Lost, row_in_file
from ingest.report import MAX_EXAMPLE_LENGTH, MAX_EXAMPLES, Example, FileReport, Reject
from ingest.sniff import Sample
from queries.store import Store
from queries.vocabulary import STORED_DIMENSIONS, TITLES

MOSTLY_NOT_SET = 0.5
ALWAYS_SET = ("device_category", "country")
"""What Google Analytics knows of nearly every session: mostly unset, they are a fault and no habit of the site."""

FEW_SPLITS, MANY_SPLITS = 20, 0.02
NO_CONSENT = (
    "no user_pseudo_id and no user_id: the visitor gave no consent to be recognised",
    "no ga_session_id: the event belongs to no session (consent mode)",
)
"""Why stage_events.sql rejects what every GA4 export of a site with a consent banner holds."""

GRAIN = 0.01
TINY_ORDER, HUGE_ORDER = 0.01, 1_000_000
NO_MICROS = 0.001
"""A mean order below this, in whole units, shows that the revenue was not in micros: they would be less than 1,000."""

FEW_ORDERS = 10
VISITOR_KEYS = ("fullvisitorid", "visitorid", "clientid")
FEW_IDS, MOST_IDS = 5, 0.9
NAMED_COUNTRIES = 5
NAMED_DAYS = 5
EXPECTED_MEASURES = ("pageviews", "transactions", "revenue")


def describe(connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport, unreadable: Iterable[Lost]) -> int:
    """Fill the report with what a staged file holds; return the number of accepted rows.

    `unreadable` are (row number, reason, text) of rows that never became staged rows, in the order of the file.
    """
    (summary,) = run(connection, "summarise", {"staged": staged})
    staged_rows, accepted, report.first_date, report.last_date = summary[:4]
    report.converted, report.transactions, report.revenue = summary[4:7]
    lost = list(unreadable)
    report.rows = staged_rows + len(lost)
    report.rejected = _rejects(connection, staged, lost)
    report.missing_days = [day for (day,) in run(connection, "missing_days", {"staged": staged})] if accepted else []
    rounded, assumed, cut, revenue_alone, transactions_alone, unread, unread_column = summary[7:]
    counted = {
        f"the visitor ids of {_sessions(rounded)} were rounded by a spreadsheet (like 2.81772E+18): different "
        "visitors may be counted as one. Export again without opening the file in a spreadsheet": rounded,
        f"{_sessions(assumed, 'has')} revenue but no number of transactions: each is counted as one order": assumed,
        f"{_sessions(cut, 'has')} values longer than 500 characters, which were cut": cut,
        f"{_sessions(revenue_alone, 'has')} revenue but 0 transactions: not counted as converted": revenue_alone,
        f"{_sessions(transactions_alone, 'has')} transactions but no revenue": transactions_alone,
        f"{_sessions(unread, 'has')} {unread_column} that are no JSON, perhaps cut by a spreadsheet: the landing page, "
        "item views, carts and checkouts that only they tell are unknown": unread,
    }
    report.warnings += [text for text, count in counted.items() if count]
    report.warnings += _missing_day_warnings(report)
    if accepted:
        report.warnings += _repetition_warnings(connection, staged)
        _tell_splits(connection, staged, report, accepted)
    report.warnings += _country_warnings(run(connection, "unknown_countries", {"staged": staged}))
    return accepted


def warn_of_ids(sample: Sample, report: FileReport) -> None:
    """Warn of visitor ids whose last digits a spreadsheet or a floating-point number has lost, by the first rows."""
    name = next((sample.flat[key] for key in VISITOR_KEYS if key in sample.flat), None)
    if name is None:
        return
    digits = (text.lstrip("0") for text in sample.values(name) if text.isascii() and text.isdigit())
    long = [text for text in digits if 16 < len(text) < 40]
    if len(long) < FEW_IDS:
        return
    ending = sum(not text[15:].strip("0") for text in long)
    floating = sum(int(text) % (1 << (int(text).bit_length() - 53)) == 0 for text in long)
    if max(ending, floating) > MOST_IDS * len(long):
        how = (
            "end in zeros after 15 digits, as a spreadsheet leaves them"
            if ending >= floating
            else "are rounded numbers"
        )
        report.warnings.append(
            f"the visitor ids {how}: different visitors may be counted as one. Export the ids as text, and do not open "
            "the export in a spreadsheet"
        )


def warn_of_grain(connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport) -> None:
    """Warn that rows of hits or products were rolled up to sessions."""
    ((rows, sessions),) = run(connection, "rolled_up", {"staged": staged})
    if rows > sessions:
        report.warnings.append(
            f"its rows are hits or products, not sessions: {rows:,} rows were rolled up into {sessions:,} sessions. A "
            "session without such a row is not in the file, so rates may be too high"
        )


def tell_events(connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport) -> None:
    """Note how many events were put together into how many sessions: the report counts sessions as rows."""
    ((events, sessions),) = run(connection, "count_events_of_sessions", {"staged": staged})
    were = "1 event was" if events == 1 else f"{events:,} events were"
    report.notes.append(f"{were} put together into {_sessions(sessions)}, which are the rows of this report")


def warn_of_columns(
    connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport, filled: frozenset[str], names: Sequence[str]
) -> None:
    """Warn of measures that the file does not have, and tell which dimensions it has but mostly leaves unset.

    A column named just "revenue" is not guessed at: BigQuery queries give that name to micros and to whole units.
    """
    if absent := [name for name in EXPECTED_MEASURES if name not in filled]:
        counted = "it is counted" if len(absent) == 1 else "they are counted"
        report.warnings.append(f"the file has no column for {_listed(absent)}: {counted} as 0 in every session")
    unread = next((name for name in names if "revenue" not in filled and name.lower() == "revenue"), None)
    if unread:
        report.warnings.append(
            f"its column {unread} is not read, because it may hold micros or whole units: a mapping file says which "
            "([revenue] unit), silent-leak ingest --suggest-mapping writes a first one"
        )
    carried = [name for name in STORED_DIMENSIONS if name in filled]
    if not carried:
        return
    shares = run(connection, "not_set_shares", {"staged": staged, "dimensions": carried})
    mostly = sorted(((share, name) for name, share in shares if share >= MOSTLY_NOT_SET), reverse=True)
    for told, names in (
        (report.warnings, ALWAYS_SET),
        (report.notes, [name for name in carried if name not in ALWAYS_SET]),
    ):
        if unset := [f"{TITLES[name]} in {_percent(share)}" for share, name in mostly if name in names]:
            told.append(f"often (not set): {_listed(unset)} of the sessions")


def mean_order(connection: duckdb.DuckDBPyConnection, staged: str) -> float | None:
    """Return the mean value of an order in a staged file; None when it has no orders."""
    days = run(connection, "order_values", {"staged": staged})
    orders = sum(day[1] for day in days)
    return sum(day[2] for day in days) / orders if orders else None


def warn_of_revenue(connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport, store: Store) -> None:
    """Warn when the mean order is absurd, or a power of ten away from that of the other days or of the store.

    That is what a mix of whole units, cents and micros (millionths) looks like.
    """
    days = run(connection, "order_values", {"staged": staged})
    orders, revenue = sum(day[1] for day in days), sum(day[2] for day in days)
    if not orders:
        return
    mean = revenue / orders
    if mean < TINY_ORDER:
        report.warnings.append(
            f"the mean order is worth {mean:.6f}: the export seems to give whole units, which were read as micros "
            "(millionths). If so, undo this ingest and name the unit in a mapping file"
        )
    elif mean > HUGE_ORDER:
        report.warnings.append(
            f"the mean order is worth {mean:,.0f}: the export seems to give micros (millionths), which were read as "
            "whole units. If so, undo this ingest and name the unit in a mapping file"
        )
    typical = statistics.median(day[2] / day[1] for day in days)
    jumps = [(day, factor) for day, count, total in days if (factor := _power_of_ten(total / count, typical, count))]
    if jumps and len(jumps) < len(days):
        shown = ", ".join(f"{day} ({factor})" for day, factor in jumps[:NAMED_DAYS])
        report.warnings.append(f"the mean order is a power of ten away from that of the other days on {shown}")
    if store.exists and (files := [glob_safe(file) for file in _files(store)]):
        ((stored_orders, stored_revenue),) = run(connection, "stored_order_value", {"stored": files})
        stored_mean = stored_revenue / stored_orders if stored_orders else 0
        if stored_orders and (factor := _power_of_ten(mean, stored_mean, min(orders, stored_orders))):
            report.warnings.append(
                f"the mean order is {factor} that of the store ({mean:,.2f} and {stored_mean:,.2f}): "
                "is its revenue in another unit?"
            )


def _files(store: Store) -> list[str]:
    return [str(store.sessions / path) for path in store.table().get_add_actions(flatten=True)["path"].to_pylist()]


def _power_of_ten(value: float, other: float, orders: int) -> str | None:
    """Return "100 times" or "1/1,000 of" where two mean orders differ so; None where chance or trade may explain it."""
    exponent = math.log10(value / other)
    power = round(exponent)
    if abs(power) < 2 or abs(exponent - power) > 0.3 or (abs(power) == 2 and orders < FEW_ORDERS):
        return None
    return f"{10**power:,} times" if power > 0 else f"1/{10**-power:,} of"


def _repetition_warnings(connection: duckdb.DuckDBPyConnection, staged: str) -> list[str]:
    ((rows, sessions),) = run(connection, "count_sessions", {"staged": staged})
    distinct = rows
    if rows > sessions:
        ((rows, distinct, sessions),) = run(connection, "repeated_rows", {"staged": staged})
    warnings = []
    if same := rows - distinct:
        warnings.append(f"{_rows(same)} the same as an earlier row of the file: each session is counted once")
    if other := distinct - sessions:
        grain = ". So many mean that the rows may be pages or products, not sessions" if other > rows * GRAIN else ""
        warnings.append(f"{_rows(other)} another version of a session in the file: the last version counts{grain}")
    return warnings


def _tell_splits(connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport, sessions: int) -> None:
    """Note the visits that lie on two days; warn of them where they are more than midnight explains."""
    ((splits,),) = run(connection, "midnight_splits", {"staged": staged})
    if not splits:
        return
    visits = "1 visit lies" if splits == 1 else f"{splits:,} visits lie"
    told = f"{visits} on two days: a visit across midnight is a session of each day, as GA counts"
    if splits >= FEW_SPLITS and splits > MANY_SPLITS * sessions:
        report.warnings.append(f"{told}. So many are unusual: are some of its dates in another time zone?")
    else:
        report.notes.append(told)


def _sessions(count: int, verb: str = "") -> str:
    """Return "1 session" or "2 sessions", and "has" or "have" after it."""
    if count == 1:
        return f"1 session {verb}".rstrip()
    return f"{count:,} sessions {'have' if verb else ''}".rstrip()


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _percent(share: float) -> str:
    return "all" if share == 1 else f"{min(share, 0.999):.0%}" if share < 0.99 else "almost all"


def _rejects(connection: duckdb.DuckDBPyConnection, staged: str, lost: list[Lost]) -> list[Reject]:
    lost_rows = [row for row, _, _ in lost]
    rejects = []
    for reason, count, examples in run(connection, "rejects", {"staged": staged}):
        shown = tuple(Example(row_in_file(one["row"], lost_rows), one["value"] or "") for one in examples)
        rejects.append(Reject(reason, count, shown))
    by_reason: dict[str, list[Example]] = {}
    for row, reason, text in lost:
        by_reason.setdefault(reason, []).append(Example(row, text[:MAX_EXAMPLE_LENGTH]))
    rejects += [Reject(reason, len(found), tuple(found[:MAX_EXAMPLES])) for reason, found in by_reason.items()]
    return sorted(rejects, key=lambda reject: (-reject.count, reject.reason))


def _missing_day_warnings(report: FileReport) -> list[str]:
    if not report.missing_days:
        return []
    ranges = day_ranges([dt.date.fromisoformat(day) for day in report.missing_days])
    shown = ", ".join(ranges[:NAMED_DAYS]) + (", ..." if len(ranges) > NAMED_DAYS else "")
    days = "day is" if len(report.missing_days) == 1 else "days are"
    return [f"{len(report.missing_days):,} {days} missing between {report.first_date} and {report.last_date}: {shown}"]


def day_ranges(days: list[dt.date]) -> list[str]:
    """Return sorted days as "2017-07-03" and "2017-07-05 to 2017-07-09"."""
    ranges: list[list[dt.date]] = []
    for day in days:
        if ranges and day - ranges[-1][-1] == dt.timedelta(days=1):
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return [f"{found[0]} to {found[-1]}" if len(found) > 1 else str(found[0]) for found in ranges]


def _country_warnings(unknown: list[tuple[str, int]]) -> list[str]:
    if not unknown:
        return []
    shown = ", ".join(f'"{name}" ({sessions:,})' for name, sessions in unknown[:NAMED_COUNTRIES])
    more = f" and {len(unknown) - NAMED_COUNTRIES} more" if len(unknown) > NAMED_COUNTRIES else ""
    return [f"unknown country names, counted as (not set): {shown}{more}"]
