"""Leaderboards: the values of every dimension by sessions, rate, change or revenue; each a click from a filter."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.boards import Board, BoardHead, BoardRow, Boards
from dashboard.body import Action
from dashboard.chart import CardState, Chart, Context, Need, TableTwin
from dashboard.charts.words import Row, empty_sentence, joined, part_of, value_label
from dashboard.format import DASH, THIN, change, count, exact, money, money_short, points, rate, rate_range
from queries.changes import difference_interval
from queries.engine import Result
from queries.vocabulary import DIMENSIONS, NOT_SET, TITLES

NAME = "leaderboards"
SHOWN = 8
MOST = 200
"""So many values of a dimension are sent to the browser; the filter bar finds the others."""
SORTS = ("Sessions", "Rate", "Change", "Revenue")
LARGEST, SMALLEST = ORDERS = ("Largest first", "Smallest first")
MINIMUMS = ("30", "50", "100", "500")
COMPARED = ("device_category", "visitor_type")
"""Dimensions of few values, which "Compare" lays side by side as the columns of the pivot; others become its rows."""
NOTE = (
    "The bar behind a name is its sessions against the largest. Values under the minimum of sessions are not "
    "ranked and "
    f"stand last, in grey. Under a rate its 95{THIN}% interval, under a change the relative one; its interval is "
    "on hover "
    "and in the table. A click filters, Shift adds, Alt excludes. Split and Compare open a second dimension below."
)


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the values of every dimension in both periods, each without its own filter."""
    shown = tuple(Need("segments", by=name, shows=name) for name in DIMENSIONS)
    return shown + tuple(Need("segments", by=name, shows=name, compared=True) for name in DIMENSIONS)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return a board for each dimension that the exports give."""
    shown, before = results[: len(DIMENSIONS)], results[len(DIMENSIONS) :]
    compares = context.compared is not None
    sort = context.settings.get("sort") or SORTS[0]
    sort = sort if compares or sort != "Change" else SORTS[0]
    order = context.settings.get("order") or LARGEST
    least = int(context.settings.get("min_sessions") or "100")
    boards, skipped, lines = [], [], []
    for name, result, earlier in zip(DIMENSIONS, shown, before, strict=True):
        if all(row["segment"] == NOT_SET for row in result.rows):
            skipped.append(TITLES[name].lower())
            continue
        past = {row["segment"]: row for row in earlier.rows}
        rows = ranked(result.rows, past, sort, least, order)
        boards.append(board_of(name, rows, past, context, least))
        boards[-1]["unsent"] = len(result.rows) - len(rows)
        lines += [twin_line(name, row, past.get(row["segment"])) for row in rows[:SHOWN]]
    if not boards:
        none = any(result.rows for result in shown)
        said = "No export here gives any dimension." if none else empty_sentence(context)
        return CardState("No segments to rank", empty=said)
    body = Boards(caption="Leaderboards, one for each dimension", heads=heads_of(sort, order, compares), boards=boards)
    headers = ("Dimension", "Value", "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Change")
    headers = (*headers, "Its interval", "Relative", "Revenue")
    table = TableTwin("Leaders of each dimension", headers, tuple(lines), (False, False, *(True,) * 8))
    left = f" No export here gives {joined(skipped, 'or')}." if skipped else ""
    return CardState(heading(shown, least), NOTE + left, body=body, table=table)


def heads_of(sort: str, order: str, compares: bool) -> list[BoardHead]:
    """Return the columns; a click sorts every board by it, a second click the other way round."""
    heads = []
    for name in SORTS:
        if name == "Change" and not compares:
            continue
        head = BoardHead(label=name, action=Action(card=NAME, name="sort", option=name))
        if name == sort:
            other = SMALLEST if order == LARGEST else LARGEST
            head["sorted"] = "descending" if order == LARGEST else "ascending"
            head["action"] = Action(card=NAME, name="order", option=other)
        heads.append(head)
    return heads


def ranked(rows: Sequence[Row], past: Mapping[str, Row], sort: str, least: int, order: str = LARGEST) -> list[Row]:
    """Return the rows in order; those too few to rank come last, by sessions."""
    keys = {
        "Sessions": lambda row: row["sessions"],
        "Rate": lambda row: row["conversion_rate"] or 0.0,
        "Change": lambda row: difference(row, past.get(row["segment"])) or 0.0,
        "Revenue": lambda row: row["revenue"] or 0.0,
    }
    few = [row for row in rows if row["sessions"] < least]
    enough = [row for row in rows if row["sessions"] >= least]
    sign = -1 if order == LARGEST else 1
    enough.sort(key=lambda row: (sign * keys[sort](row), -row["sessions"], row["segment"]))
    return [*enough, *sorted(few, key=lambda row: (-row["sessions"], row["segment"]))][:MOST]


def difference(row: Row, past: Row | None) -> float | None:
    """Return the change of a rate against the compared period; None where one is undefined."""
    if past is None or row["conversion_rate"] is None or past["conversion_rate"] is None:
        return None
    return row["conversion_rate"] - past["conversion_rate"]


def board_of(name: str, rows: Sequence[Row], past: Mapping[str, Row], context: Context, least: int) -> Board:
    """Return the board of one dimension."""
    largest = max(row["sessions"] for row in rows) or 1
    wanted, unwanted = context.filters.values(name), dict(context.filters.exclude).get(name, ())
    compares = context.compared is not None
    lines = []
    for row in rows:
        value = row["segment"]
        line = BoardRow(
            name=value_label(name, value),
            bar=row["sessions"] / largest,
            cells=cells_of(row, past.get(value), least, compares),
            subs=subs_of(row, past.get(value), least, compares),
            titles=titles_of(row, past.get(value), compares),
            action=Action(dimension=name, value=value),
        )
        if value in wanted:
            line["state"] = "selected"
        elif value in unwanted:
            line["state"] = "excluded"
        elif row["sessions"] < least:
            line["state"] = "few"
        lines.append(line)
    few = sum(row["sessions"] < least for row in rows)
    side = "columns" if name in COMPARED else "rows"
    opens = Action(card="pivot", name=side, option=TITLES[name])
    label = "Compare" if name in COMPARED else "Split"
    return Board(title=TITLES[name], rows=lines, shown=SHOWN, few=few, open=opens, open_label=label)


def cells_of(row: Row, past: Row | None, least: int, compares: bool) -> list[str]:
    """Return the texts of a row; a rate of too few sessions is not shown as a number."""
    few = row["sessions"] < least
    cells = [count(row["sessions"]), "too few" if few else rate(row["conversion_rate"])]
    if compares:
        thin = few or past is None or past["sessions"] < least
        cells.append(DASH if thin else points(difference(row, past)))
    return [*cells, money_short(row["revenue"], 3)]


def subs_of(row: Row, past: Row | None, least: int, compares: bool) -> list[str]:
    """Return the small texts of a row: the interval of the rate, the relative change."""
    few = row["sessions"] < least
    subs = ["", "" if few else rate_range(row["conversion_rate_low"], row["conversion_rate_high"])]
    if compares:
        thin = few or past is None or past["sessions"] < least
        relative = change_of(row, past)[2]
        subs.append("" if thin or relative == DASH else relative)
    return [*subs, ""]


def titles_of(row: Row, past: Row | None, compares: bool) -> list[str]:
    """Return the hover texts of a row."""
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    counts = part_of(row["conversions"], row["sessions"])
    titles = [f"{exact(row['sessions'])} sessions", f"{rate(row['conversion_rate'])} ({interval}), {counts}"]
    if compares:
        titles.append(change_words(row, past))
    return [*titles, money(row["revenue"], cents=True)]


def change_of(row: Row, past: Row | None) -> tuple[str, str, str]:
    """Return a change, its interval, and the relative change, as text."""
    if past is None or not past["sessions"]:
        return DASH, DASH, DASH
    low, high = difference_interval((past["sessions"], past["conversions"]), (row["sessions"], row["conversions"]))
    ratio = row["conversion_rate"] / past["conversion_rate"] if past["conversion_rate"] else None
    return points(difference(row, past)), f"{points(low)} to {points(high)}", change(ratio)


def change_words(row: Row, past: Row | None) -> str:
    """Return a change with its interval, the relative change and the rate before."""
    if past is None or not past["sessions"]:
        return "no session in the compared days"
    absolute, interval, relative = change_of(row, past)
    before = f"{rate(past['conversion_rate'])} ({part_of(past['conversions'], past['sessions'])})"
    return f"{absolute} ({interval}), relative {relative}; before {before}"


def twin_line(name: str, row: Row, past: Row | None) -> tuple[str, ...]:
    """Return a row as text."""
    return (
        TITLES[name],
        value_label(name, row["segment"]),
        exact(row["sessions"]),
        exact(row["conversions"]),
        rate(row["conversion_rate"]),
        rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
        *change_of(row, past),
        money(row["revenue"], cents=True),
    )


def heading(results: Sequence[Result], least: int) -> str:
    """Return the value that stands furthest above the others of its dimension, by intervals that do not meet."""
    best: tuple[float, str, Row, Row] | None = None
    for name, result in zip(DIMENSIONS, results, strict=True):
        large = [row for row in result.rows if row["sessions"] >= least and row["segment"] != NOT_SET]
        if len(large) < 2:
            continue
        top = max(large, key=lambda row: row["conversion_rate_low"])
        second = max((row for row in large if row is not top), key=lambda row: row["conversion_rate_high"])
        apart = top["conversion_rate_low"] - second["conversion_rate_high"]
        if apart > 0 and (best is None or apart > best[0]):
            best = apart, name, top, second
    if best is None:
        return "No value stands above all others of its dimension by more than chance"
    _, name, top, second = best
    label = value_label(name, top["segment"])
    what = label if name in ("country", "region", "browser") else f"{TITLES[name]} {label}"
    return (
        f"{what} stands out: {rate(top['conversion_rate'])} of {count(top['sessions'])} sessions convert, no more than "
        f"{rate(second['conversion_rate_high'])} elsewhere"
    )


CHART = Chart(
    NAME,
    "Segments by dimension",
    needs,
    update,
    renderer="boards",
    settings={"sort": (SORTS, "Sessions"), "order": (ORDERS, LARGEST), "min_sessions": (MINIMUMS, "100")},
    span=12,
    height=900,
    slow=True,
)
