"""What is odd about a staged file: rejected rows by reason, and warnings about the whole file."""

from collections.abc import Iterable

import duckdb

from ingest.engine import run
from ingest.mend import Lost, row_in_file
from ingest.report import MAX_EXAMPLE_LENGTH, MAX_EXAMPLES, Example, FileReport, Reject
from queries.vocabulary import DIMENSIONS, TITLES

MOSTLY_NOT_SET = 0.5
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
    rounded, assumed, cut, revenue_alone, transactions_alone = summary[7:]
    counted = {
        f"{rounded:,} visitor ids were rounded by a spreadsheet (like 2.81772E+18): different visitors may be counted "
        "as one. Export again without opening the file in a spreadsheet": rounded,
        f"{assumed:,} sessions have revenue but no number of transactions: each is counted as one": assumed,
        f"{cut:,} rows had values longer than 500 characters, which were cut": cut,
        f"{revenue_alone:,} sessions have revenue but no transaction: they do not count as converted": revenue_alone,
        f"{transactions_alone:,} sessions have transactions but no revenue": transactions_alone,
    }
    report.warnings += [text for text, count in counted.items() if count]
    report.warnings += _missing_day_warnings(report)
    report.warnings += _country_warnings(run(connection, "unknown_countries", {"staged": staged}))
    return accepted


def warn_of_columns(
    connection: duckdb.DuckDBPyConnection, staged: str, report: FileReport, filled: frozenset[str]
) -> None:
    """Warn of measures that the file does not have, and of dimensions it has but mostly leaves unset."""
    for name in EXPECTED_MEASURES:
        if name not in filled:
            report.warnings.append(f"the file has no column for {name}: it is counted as 0 in every session")
    carried = [name for name in DIMENSIONS if name in filled]
    if not carried:
        return
    for name, share in run(connection, "not_set_shares", {"staged": staged, "dimensions": carried}):
        if share >= MOSTLY_NOT_SET:
            report.warnings.append(f"{TITLES[name]} is (not set) in {share:.0%} of the sessions")


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
    shown = ", ".join(report.missing_days[:NAMED_DAYS]) + (", ..." if len(report.missing_days) > NAMED_DAYS else "")
    days = "day is" if len(report.missing_days) == 1 else "days are"
    return [f"{len(report.missing_days):,} {days} missing between {report.first_date} and {report.last_date}: {shown}"]


def _country_warnings(unknown: list[tuple[str, int]]) -> list[str]:
    if not unknown:
        return []
    shown = ", ".join(f'"{name}" ({sessions:,})' for name, sessions in unknown[:NAMED_COUNTRIES])
    more = f" and {len(unknown) - NAMED_COUNTRIES} more" if len(unknown) > NAMED_COUNTRIES else ""
    return [f"unknown country names, counted as (not set): {shown}{more}"]
