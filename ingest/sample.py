"""Generate exports of an invented shop, with leaks planted in them and the truth about each leak beside them."""

import calendar as month_lengths
import datetime as dt
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from ingest.sample_draws import GOLDEN
from ingest.sample_leaks import MISFILED_SOURCE, PLANTED
from ingest.sample_sessions import SessionMaker, Sessions, expected_order
from ingest.sample_shapes import SHAPES, Names, Shape
from ingest.sample_visits import SECOND_HALF, Attendance, Calendar
from ingest.sample_world import the_world

EXPORTS = "exports"
TRUTH = "truth.json"
FIRST_DAY = dt.date(2026, 5, 1)
SHAPE_NAMES = tuple(shape.name for shape in SHAPES)
CHUNK_SESSIONS = 32_768
FEWEST_A_DAY = 5
NESTED_DAYS_OF_LAST_MONTH = 11

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Totals:
    """Hold what an ingest of the exports must find; revenue in the shop's currency, without shipping."""

    sessions: int
    converted: int
    transactions: int
    revenue: Decimal


@dataclass(frozen=True)
class ExportTruth:
    """Hold the totals of one export file; `path` is relative to the folder that was generated into.

    Kaggle's shape gives revenue but no number of orders: there a session with revenue counts as one transaction.
    """

    path: str
    shape: str
    first_date: dt.date
    last_date: dt.date
    totals: Totals


@dataclass(frozen=True)
class LeakTruth:
    """Hold one planted leak over its days (from `onset` on, where it has one).

    `conversions_without_leak` are those the same visits would have brought with no leak planted at all, `conversions`
    those in the exports; `lost` were removed by this leak, at the order values they had (`revenue_lost`);
    `expected_without_leak`, `expected_lost` and `expected_revenue_lost` are the same by probability, free of luck.
    """

    name: str
    kind: str
    segment: dict[str, str]
    factor: float
    onset: dt.date | None
    sessions: int
    conversions_without_leak: int
    conversions: int
    lost: int
    revenue_lost: Decimal
    expected_without_leak: float
    expected_lost: float
    expected_revenue_lost: Decimal
    note: str


@dataclass(frozen=True)
class Truth:
    """Hold everything that is known about generated exports because it was planted."""

    arguments: dict[str, object]
    exports: tuple[ExportTruth, ...]
    totals: Totals
    leaks: tuple[LeakTruth, ...]
    missing_days: tuple[dt.date, ...]
    misfiled_day: dt.date
    misfiled_source: str
    misfiled_sessions: int
    midnight_splits: int

    def to_json(self) -> str:
        """Return the truth as indented JSON: dates as ISO texts, money as numbers with cents."""
        return json.dumps(asdict(self), indent=2, default=_plain, ensure_ascii=False) + "\n"


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def generate(
    folder: Path,
    sessions: int = 120_000,
    seed: int = 7,
    months: int = 6,
    first_day: dt.date = FIRST_DAY,
    shapes: Sequence[str] = SHAPE_NAMES,
    progress: Progress | None = None,
    *,
    chunk_sessions: int = CHUNK_SESSIONS,
) -> Truth:
    """Write `folder`/exports/* and `folder`/truth.json, and return the truth.

    Exactly `sessions` rows are written, `months` calendar months from the month of `first_day` on. The first
    shape gets most months, each shape between gets one month, the last shape the last days (with no more months than
    shapes, each gets an equal part). The same arguments give the same bytes, whatever `chunk_sessions`.
    `progress` is called with (sessions written, sessions in all). Nothing appears under its final name before it is
    complete; exports of an earlier run in the same folder are replaced.

    Raises ValueError for arguments that make no exports, FileExistsError when `folder`/exports holds something else.
    """
    chosen = _checked(sessions, months, first_day, shapes)
    first_day = first_day.replace(day=1)
    calendar = Calendar(first_day, _days_of(first_day, months))
    seed_key = (seed * GOLDEN + 0x5EED) % 2**63
    attendance, maker = Attendance(calendar, sessions, seed_key), SessionMaker(the_world(), calendar, seed_key)
    folder = Path(folder)
    partial = _emptied(folder)
    tally: defaultdict[str, Counter] = defaultdict(Counter)
    names, exports, written = Names(the_world(), calendar), [], 0
    for shape, first, last in _periods(calendar, months, chosen):
        path = partial / shape.file_name.format(period=_period_name(calendar, first, last))
        for made in _written(path, shape, names, map(maker.made, attendance.chunks(first, last, chunk_sessions))):
            _count(tally, path.name, made)
            written += len(made)
            if progress:
                progress(written, sessions)
        exports.append(_export_truth(calendar, shape, path.name, first, last, tally[path.name]))
    arguments = {"sessions": sessions, "seed": seed, "months": months, "first_day": calendar.first_day}
    truth = _truth(arguments | {"shapes": [shape.name for shape in chosen]}, calendar, exports, tally)
    _publish(folder, partial, truth)
    return truth


def _written(path: Path, shape: Shape, names: Names, chunks: Iterable[Sessions]) -> Iterator[Sessions]:
    """Write one export, and yield each chunk once it is in the file."""
    with path.open("wb") as file:
        file.write(shape.header.encode())
        for sessions in chunks:
            file.write(shape.encoded(sessions, names))
            yield sessions


def _checked(sessions: int, months: int, first_day: dt.date, shapes: Sequence[str]) -> list[Shape]:
    if not 1_000 <= sessions <= 200_000_000:
        raise ValueError(f"cannot generate {sessions} sessions: choose 1,000 to 200,000,000")
    if not 1 <= months <= 36:
        raise ValueError(f"cannot generate {months} months: choose 1 to 36")
    if sessions < (fewest := FEWEST_A_DAY * _days_of(first_day.replace(day=1), months)):
        raise ValueError(f"cannot spread {sessions} sessions over {months} months: generate at least {fewest:,}")
    known = {shape.name: shape for shape in SHAPES}
    unknown = [name for name in shapes if name not in known]
    if unknown or not shapes:
        raise ValueError(f'no export shape is called "{", ".join(unknown)}"; choose from {", ".join(known)}')
    return [known[name] for name in dict.fromkeys(shapes)]


def _days_of(first_day: dt.date, months: int) -> int:
    last = first_day.year * 12 + first_day.month - 1 + months
    return (dt.date(last // 12, last % 12 + 1, 1) - first_day).days


def _periods(calendar: Calendar, months: int, shapes: list[Shape]) -> list[tuple[Shape, int, int]]:
    """Return the files to write: their shape, first and last day number."""
    if months <= len(shapes):
        ends = [calendar.days * (number + 1) // len(shapes) for number in range(len(shapes))]
        return [(shape, begin, end - 1) for shape, begin, end in zip(shapes, [0, *ends[:-1]], ends, strict=True)]
    periods, first = [], 0
    for month in range(months):
        date = calendar.date(first)
        length = month_lengths.monthrange(date.year, date.month)[1]
        shape = shapes[month] if 0 < month < len(shapes) - 1 else shapes[0]
        periods.append((shape, first, first + length - 1))
        first += length
    if len(shapes) > 1:
        shape, begin, end = periods.pop()
        cut = end - NESTED_DAYS_OF_LAST_MONTH + 1
        periods += [(shape, begin, cut - 1), (shapes[-1], cut, end)]
    return periods


def _period_name(calendar: Calendar, first: int, last: int) -> str:
    begin, end = calendar.date(first), calendar.date(last)
    whole_month = begin.day == 1 and (end + dt.timedelta(days=1)).day == 1 and begin.month == end.month
    return f"{begin:%Y-%m}" if whole_month else f"{begin:%Y-%m-%d}_{end:%Y-%m-%d}"


def _count(tally: defaultdict[str, Counter], export: str, sessions: Sessions) -> None:
    tally[export].update(
        sessions=len(sessions),
        converted=int((sessions.transactions > 0).sum()),
        transactions=int(sessions.transactions.sum()),
        cents=int(sessions.cents.sum()),
    )
    tally["splits"].update(sessions=int((sessions.arrivals.visits.half == SECOND_HALF).sum()))
    tally["misfiled"].update(sessions=sessions.misfiled)
    for name, counted in sessions.accounts.items():
        tally[name].update(counted)


def _export_truth(calendar: Calendar, shape: Shape, name: str, first: int, last: int, counted: Counter) -> ExportTruth:
    transactions = counted["transactions"] if shape.counts_orders else counted["converted"]
    totals = Totals(counted["sessions"], counted["converted"], transactions, _money(counted["cents"]))
    return ExportTruth(f"{EXPORTS}/{name}", shape.name, calendar.date(first), calendar.date(last), totals)


def _truth(arguments: dict, calendar: Calendar, exports: list[ExportTruth], tally: defaultdict[str, Counter]) -> Truth:
    totals = [export.totals for export in exports]
    leaks = []
    for leak in PLANTED:
        counted = tally[leak.name]
        expected = counted["expected_orders_1e9"] / 1e9
        leaks.append(
            LeakTruth(
                leak.name,
                leak.kind,
                dict(leak.segment),
                leak.factor,
                calendar.date(calendar.onset) if leak.dated else None,
                counted["sessions"],
                counted["orders_without_leak"],
                counted["orders"],
                counted["lost"],
                _money(counted["lost_cents"]),
                round(expected, 1),
                round(expected * (1 - leak.factor), 1),
                _money(round(100 * expected * (1 - leak.factor) * expected_order())),
                leak.note,
            )
        )
    return Truth(
        arguments=arguments,
        exports=tuple(exports),
        totals=Totals(
            sum(total.sessions for total in totals),
            sum(total.converted for total in totals),
            sum(total.transactions for total in totals),
            sum((total.revenue for total in totals), Decimal(0)),
        ),
        leaks=tuple(leaks),
        missing_days=(calendar.date(calendar.missing),),
        misfiled_day=calendar.date(calendar.misfiled),
        misfiled_source=MISFILED_SOURCE[0],
        misfiled_sessions=tally["misfiled"]["sessions"],
        midnight_splits=tally["splits"]["sessions"],
    )


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _emptied(folder: Path) -> Path:
    """Return an empty folder to write into, after making sure that `exports` may be replaced."""
    exports, partial = folder / EXPORTS, folder / f".{EXPORTS}.part"
    if exports.exists() and any(exports.iterdir()) and not (folder / TRUTH).exists():
        raise FileExistsError(
            f"{exports} holds files that were not generated: name another folder for the sample exports"
        )
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def _publish(folder: Path, partial: Path, truth: Truth) -> None:
    """Put the truth and then the exports in place; whoever finds exports beside a truth finds both complete."""
    exports, beside = folder / EXPORTS, folder / f".{TRUTH}.part"
    beside.write_text(truth.to_json(), encoding="utf-8")
    if exports.exists():
        shutil.rmtree(exports)
    beside.replace(folder / TRUTH)
    partial.rename(exports)
