"""Leaderboards: the values of every dimension by sessions, rate, change or revenue; each a click from a filter."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dashboard.boards import Board, BoardHead, BoardRow, Boards
from dashboard.body import Action
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.board_changes import (
    FALSE,
    Sure,
    change_of,
    change_words,
    changes_heading,
    difference,
    large,
    sure_changes,
)
from dashboard.charts.words import Row, empty_sentence, joined, part_of, value_label
from dashboard.format import DASH, THIN, count, exact, money, money_short, points, rate, rate_range, share
from queries.engine import Result
from queries.vocabulary import DIMENSIONS, NOT_SET, TITLES

NAME = "leaderboards"
SHOWN = 8
MOST = 200
"""So many values of a dimension are sent to the browser; the filter bar finds the others."""
SORTS = ("Sessions", "Rate", "Change", "Revenue")
LARGEST, SMALLEST = ORDERS = ("Largest first", "Smallest first")
MINIMUMS = ("30", "50", "100", "500")
AS_COLUMNS = ("device_category", "visitor_type")
"""Dimensions of few values, which the pivot lays side by side as its columns; others become its rows."""
MARKED = (
    f" A bold change is larger than chance: at most {share(FALSE)} of those that are bold are expected to be none, "
    "however many values are looked at. Sorted by change they stand before all others."
)
NOTE = (
    "The bar behind a name is its sessions against the largest. Values under the minimum of sessions are not "
    "ranked and "
    f"stand last, in grey. Under a rate its 95{THIN}% interval, under a change the relative one; its interval is "
    "on hover and in the table. A click filters, Shift adds, Alt excludes. Pivot sets the values against a second "
    "dimension, below."
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
    sure = sure_changes(shown, before, least) if compares else frozenset()
    boards, skipped, lines = [], [], []
    for name, result, earlier in zip(DIMENSIONS, shown, before, strict=True):
        if all(row["segment"] == NOT_SET for row in result.rows):
            skipped.append(TITLES[name].lower())
            continue
        past = {row["segment"]: row for row in earlier.rows}
        rows = ranked(result.rows, past, sort, least, order, {value for known, value in sure if known == name})
        boards.append(board_of(name, rows, past, context, least, sure))
        boards[-1]["unsent"] = len(result.rows) - len(rows)
        lines += [twin_line(name, row, past.get(row["segment"]), sure) for row in rows[:SHOWN]]
    if not boards:
        none = any(result.rows for result in shown)
        said = "No export here gives any dimension." if none else empty_sentence(context)
        return CardState("No segments to rank", empty=said)
    body = Boards(caption="Leaderboards, one for each dimension", heads=heads_of(sort, order, compares), boards=boards)
    if not compares:
        body["off"] = {"sort": {"Change": "Nothing is compared"}}
    headers = ("Dimension", "Value", "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Change")
    headers = (*headers, "Its interval", "Relative", "Beyond chance", "Revenue")
    table = TableTwin("Leaders of each dimension", headers, tuple(lines), (False, False, *(True,) * 9))
    left = f" No export here gives {joined(skipped, 'or')}." if skipped else ""
    said = changes_heading(shown, before, sure, rises=order == LARGEST) if sort == "Change" else heading(shown, least)
    return CardState(said, NOTE + (MARKED if compares else "") + left, body=body, table=table)


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


def ranked(
    rows: Sequence[Row],
    past: Mapping[str, Row],
    sort: str,
    least: int,
    order: str = LARGEST,
    sure: Collection[str] = (),
) -> list[Row]:
    """Return the rows in order; those too few to rank come last, by sessions.

    Of changes those of the `sure` values, which are more than chance, come before all others.
    """
    keys = {
        "Sessions": lambda row: row["sessions"],
        "Rate": lambda row: row["conversion_rate"] or 0.0,
        "Change": lambda row: difference(row, past.get(row["segment"])) or 0.0,
        "Revenue": lambda row: row["revenue"] or 0.0,
    }
    few = [row for row in rows if row["sessions"] < least]
    enough = [row for row in rows if row["sessions"] >= least]
    sign = -1 if order == LARGEST else 1
    unknown = lambda row: sort == "Change" and not large(row, past.get(row["segment"]), least)  # noqa: E731
    doubted = lambda row: sort == "Change" and row["segment"] not in sure  # noqa: E731
    enough.sort(key=lambda row: (doubted(row), unknown(row), sign * keys[sort](row), -row["sessions"], row["segment"]))
    return [*enough, *sorted(few, key=lambda row: (-row["sessions"], row["segment"]))][:MOST]


def board_of(
    name: str,
    rows: Sequence[Row],
    past: Mapping[str, Row],
    context: Context,
    least: int,
    sure: Sure = frozenset(),
) -> Board:
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
        if (name, value) in sure:
            rises = (difference(row, past.get(value)) or 0.0) > 0
            line["marks"] = ["", "", "rise" if rises else "fall", ""]
        if value in wanted:
            line["state"] = "selected"
        elif value in unwanted:
            line["state"] = "excluded"
        elif row["sessions"] < least:
            line["state"] = "few"
        lines.append(line)
    few = sum(row["sessions"] < least for row in rows)
    side = "columns" if name in AS_COLUMNS else "rows"
    opens = Action(card="pivot", name=side, option=TITLES[name])
    return Board(title=TITLES[name], rows=lines, shown=SHOWN, few=few, open=opens, open_label="Pivot")


def cells_of(row: Row, past: Row | None, least: int, compares: bool) -> list[str]:
    """Return the texts of a row; a rate of too few sessions is not shown as a number."""
    few = row["sessions"] < least
    cells = [count(row["sessions"]), "too few" if few else rate(row["conversion_rate"])]
    if compares:
        cells.append(points(difference(row, past)) if large(row, past, least) else DASH)
    return [*cells, money_short(row["revenue"], 3)]


def subs_of(row: Row, past: Row | None, least: int, compares: bool) -> list[str]:
    """Return the small texts of a row: the interval of the rate, the relative change."""
    few = row["sessions"] < least
    subs = ["", "" if few else rate_range(row["conversion_rate_low"], row["conversion_rate_high"])]
    if compares:
        relative = change_of(row, past)[2]
        subs.append(relative if large(row, past, least) and relative != DASH else "")
    return [*subs, ""]


def titles_of(row: Row, past: Row | None, compares: bool) -> list[str]:
    """Return the hover texts of a row."""
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    counts = part_of(row["conversions"], row["sessions"])
    titles = [f"{exact(row['sessions'])} sessions", f"{rate(row['conversion_rate'])} ({interval}), {counts}"]
    if compares:
        titles.append(change_words(row, past))
    return [*titles, money(row["revenue"], cents=True)]


def twin_line(name: str, row: Row, past: Row | None, sure: Sure) -> tuple[str, ...]:
    """Return a row as text."""
    return (
        TITLES[name],
        value_label(name, row["segment"]),
        exact(row["sessions"]),
        exact(row["conversions"]),
        rate(row["conversion_rate"]),
        rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
        *change_of(row, past),
        "yes" if (name, row["segment"]) in sure else DASH,
        money(row["revenue"], cents=True),
    )


def heading(results: Sequence[Result], least: int) -> str:
    """Return the value that stands furthest above the others of its dimension, by intervals that do not meet."""
    best: tuple[float, str, Row, Row] | None = None
    for name, result in zip(DIMENSIONS, results, strict=True):
        ranks = [row for row in result.rows if row["sessions"] >= least and row["segment"] != NOT_SET]
        if len(ranks) < 2:
            continue
        top = max(ranks, key=lambda row: row["conversion_rate_low"])
        second = max((row for row in ranks if row is not top), key=lambda row: row["conversion_rate_high"])
        apart = top["conversion_rate_low"] - second["conversion_rate_high"]
        if apart > 0 and (best is None or apart > best[0]):
            best = apart, name, top, second
    if best is None:
        return "No value stands above all others of its dimension by more than chance"
    _, name, top, second = best
    label = value_label(name, top["segment"])
    what = label if name in ("country", "region", "browser") else f"{TITLES[name]} {label}"
    return (
        f"{what} stands out: {rate(top['conversion_rate'])} of {count(top['sessions'])} sessions convert, of "
        f"other {TITLES[name].lower()} values no more than {rate(second['conversion_rate_high'])}"
    )


CHART = Card(
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
