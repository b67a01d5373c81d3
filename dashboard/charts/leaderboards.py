"""Leaderboards: the values of every dimension by sessions, rate, change or revenue; each a click from a filter."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd
import param

from dashboard.boards import Board, BoardHead, BoardRow, Boards
from dashboard.body import Action
from dashboard.cards import Need, TableTwin
from dashboard.chart import Words
from dashboard.charts.bars import Bar, BarView
from dashboard.charts.board_changes import FALSE, change_of, change_words, changes_heading, with_changes
from dashboard.charts.words import Row, empty_sentence, joined, part_of, value_label
from dashboard.format import DASH, THIN, count, exact, money, money_short, points, rate, rate_range, share
from dashboard.panels import Panel
from queries.engine import Result
from queries.statistics import larger_than_chance
from queries.vocabulary import NOT_SET, STORED_DIMENSIONS, TITLES

SHOWN = 8
MOST = 200
"""So many values of a dimension are sent to the browser; the filter bar finds the others."""
SORTS = ("Sessions", "Rate", "Change", "Revenue")
LARGEST, SMALLEST = ORDERS = ("Largest first", "Smallest first")
MINIMUMS = (30, 50, 100, 500)
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

COUNTS = ("sessions", "conversions", "conversion_rate")
COLUMNS = [
    "dimension", "value", *COUNTS, "conversion_rate_low", "conversion_rate_high", "revenue",
    *(f"compared_{name}" for name in COUNTS), "change", "change_low", "change_high", "beyond_chance",
]  # fmt: skip
FROM = {"value": "segment"}


class Leaderboards(BarView):
    """Every dimension with its values, side by side.

    Frame: one row a dimension and value, the values of a dimension in the chosen order: `dimension`, `value`,
    `sessions`, `conversions`, `conversion_rate` with `_low` and `_high` (0-1), `revenue`; of the compared days
    `compared_sessions`, `compared_conversions` (0 without any) and `compared_conversion_rate`; `change` of the rate
    with `_low` and `_high`, and `beyond_chance` (it is more than chance, all values looked at once).
    Text on the page: a dozen boards of up to 200 values, which are searched, sorted and clicked by name.
    """

    sort = param.Selector(default=SORTS[0], objects=list(SORTS), doc="What the values are ranked by.")
    order = param.Selector(default=LARGEST, objects=list(ORDERS), doc="Which of them come first.")
    min_sessions = param.Selector(default=100, objects=list(MINIMUMS), doc="Sessions that a rank needs.")
    dimension = param.Selector(default="country", objects=list(STORED_DIMENSIONS), doc="Dimension of the figure.")

    key = "leaderboards"
    label = "Segments by dimension"
    own_settings = ("sort", "order", "min_sessions")
    figure_settings = ("dimension",)
    renderer = "boards"
    height = 900
    traits: ClassVar[Mapping[str, Any]] = {"slow": True}

    @property
    def compares(self) -> bool:
        """Say whether days are compared."""
        return self.context.compared is not None

    @property
    def sorted_by(self) -> str:
        """Return what the values are ranked by; nothing has changed where nothing is compared."""
        return self.sort if self.compares or self.sort != "Change" else SORTS[0]

    def needs(self) -> tuple[Need, ...]:
        """Ask for the values of every dimension in both periods, each without its own filter."""
        shown = tuple(Need("segments", by=name, shows=name) for name in STORED_DIMENSIONS)
        return shown + tuple(Need("segments", by=name, shows=name, compared=True) for name in STORED_DIMENSIONS)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the values of every dimension, ranked."""
        shown, before = results[: len(STORED_DIMENSIONS)], results[len(STORED_DIMENSIONS) :]
        rows = []
        for name, result, earlier in zip(STORED_DIMENSIONS, shown, before, strict=True):
            past = {row["segment"]: row for row in earlier.rows}
            rows += [{**row, **_then(past.get(row["segment"])), "dimension": name} for row in result.rows]
        ranks = rank_of(self.sorted_by, self.order, self.min_sessions)
        rows = with_changes(rows, self.min_sessions)
        rows.sort(key=lambda row: (STORED_DIMENSIONS.index(row["dimension"]), *ranks(row)))
        return pd.DataFrame({name: [row[FROM.get(name, name)] for row in rows] for name in COLUMNS})

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return the largest values of the chosen dimension; what is filtered to stands out."""
        held = [row for row in self.lines(frame) if row.dimension == self.dimension]
        wanted = self.context.filters.values(self.dimension)
        bars = []
        for row in sorted(held, key=lambda row: -row.sessions)[:SHOWN]:
            few = row.sessions < self.min_sessions
            words = f"{count(row.sessions)}, {self._cells(row)[1]} {_in_brackets(self._subs(row)[1])}".strip()
            title = "; ".join([value_label(self.dimension, row.value), *self._titles(row)])
            action = Action(dimension=self.dimension, value=row.value)
            back = row.value not in wanted if wanted else few
            bars.append(Bar(value_label(self.dimension, row.value), row.sessions, words, title, action, back))
        return self.bars(bars)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the value that stands out, or that changed most."""
        boards = boards_of(self.lines(frame))
        if not boards:
            said = empty_sentence(self.context) if frame.empty else "No export here gives any dimension."
            return Words("No segments to rank", empty=said)
        skipped = [TITLES[name].lower() for name in STORED_DIMENSIONS if name not in boards]
        left = f" No export here gives {joined(skipped, 'or')}." if skipped else ""
        if self.sorted_by == "Change":
            said = changes_heading(self.lines(frame), rises=self.order == LARGEST)
        else:
            said = heading(self.lines(frame), self.min_sessions)
        return Words(said, NOTE + (MARKED if self.compares else "") + left)

    def body(self, frame: pd.DataFrame) -> Boards:
        """Return a board for each dimension that the exports give."""
        boards = [self._board(name, values) for name, values in boards_of(self.lines(frame)).items()]
        body = Boards(caption="Leaderboards, one for each dimension", heads=self._heads(), boards=boards)
        if not self.compares:
            body["off"] = {"sort": {"Change": "Nothing is compared"}}
        return body

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return the leaders of each dimension as text."""
        headers = ("Dimension", "Value", "Sessions", "Converted", "Rate", f"95{THIN}% interval", "Change")
        headers = (*headers, "Its interval", "Relative", "Beyond chance", "Revenue")
        leaders = (row for values in boards_of(self.lines(frame)).values() for row in values[:SHOWN])
        numeric = (False, False, *(True,) * 9)
        return TableTwin("Leaders of each dimension", headers, tuple(map(twin_line, leaders)), numeric)

    def _heads(self) -> list[BoardHead]:
        """Return the columns; a click sorts every board by it, a second click the other way round."""
        heads = []
        for name in SORTS:
            if name == "Change" and not self.compares:
                continue
            head = BoardHead(label=name, action=Action(card=self.key, name="sort", option=name))
            if name == self.sorted_by:
                other = SMALLEST if self.order == LARGEST else LARGEST
                head["sorted"] = "descending" if self.order == LARGEST else "ascending"
                head["action"] = Action(card=self.key, name="order", option=other)
            heads.append(head)
        return heads

    def _board(self, name: str, values: Sequence[Any]) -> Board:
        filters, least = self.context.filters, self.min_sessions
        wanted, unwanted = filters.values(name), dict(filters.exclude).get(name, ())
        sent = values[:MOST]
        largest = max(row.sessions for row in sent) or 1
        lines = []
        for row in sent:
            line = BoardRow(
                name=value_label(name, row.value),
                bar=row.sessions / largest,
                cells=self._cells(row),
                subs=self._subs(row),
                titles=self._titles(row),
                action=Action(dimension=name, value=row.value),
            )
            if row.beyond_chance:
                line["marks"] = ["", "", "rise" if row.change > 0 else "fall", ""]
            if row.value in wanted:
                line["state"] = "selected"
            elif row.value in unwanted:
                line["state"] = "excluded"
            elif row.sessions < least:
                line["state"] = "few"
            lines.append(line)
        few = sum(row.sessions < least for row in sent)
        opens = Action(card="pivot", name="columns" if name in AS_COLUMNS else "rows", option=TITLES[name])
        board = Board(title=TITLES[name], rows=lines, shown=SHOWN, few=few, open=opens, open_label="Pivot")
        board["unsent"] = len(values) - len(sent)
        return board

    def _is_large(self, row: Any) -> bool:
        """Say whether a value has sessions enough in both periods to show how its rate changed."""
        return min(row.sessions, row.compared_sessions) >= self.min_sessions

    def _cells(self, row: Any) -> list[str]:
        """Return the texts of a row; a rate of too few sessions is not shown as a number."""
        cells = [count(row.sessions), "too few" if row.sessions < self.min_sessions else rate(row.conversion_rate)]
        if self.compares:
            cells.append(points(row.change) if self._is_large(row) else DASH)
        return [*cells, money_short(row.revenue, 3)]

    def _subs(self, row: Any) -> list[str]:
        """Return the small texts of a row: the interval of the rate, the relative change."""
        few = row.sessions < self.min_sessions
        subs = ["", "" if few else rate_range(row.conversion_rate_low, row.conversion_rate_high)]
        if self.compares:
            subs.append(change_of(row)[2].removeprefix(DASH) if self._is_large(row) else "")
        return [*subs, ""]

    def _titles(self, row: Any) -> list[str]:
        """Return the hover texts of a row."""
        interval = rate_range(row.conversion_rate_low, row.conversion_rate_high)
        counts = part_of(row.conversions, row.sessions)
        titles = [f"{exact(row.sessions)} sessions", f"{rate(row.conversion_rate)} ({interval}), {counts}"]
        if self.compares:
            titles.append(change_words(row))
        return [*titles, money(row.revenue, cents=True)]


def _then(past: Row | None) -> dict[str, Any]:
    return {f"compared_{name}": past[name] if past else None if name == "conversion_rate" else 0 for name in COUNTS}


def _in_brackets(interval: str) -> str:
    return f"({interval})" if interval else ""


def rank_of(sort: str, order: str, least: int) -> Callable[[Row], tuple[Any, ...]]:
    """Return the key that puts the values of a dimension in order; those too few to rank come last, by sessions.

    Of changes those that are more than chance come before all others.
    """
    name = {"Sessions": "sessions", "Rate": "conversion_rate", "Change": "change", "Revenue": "revenue"}[sort]
    sign = -1 if order == LARGEST else 1

    def key(row: Row) -> tuple[Any, ...]:
        if row["sessions"] < least:
            return True, -row["sessions"], row["segment"]
        doubted = sort == "Change" and (not row["beyond_chance"], row["compared_sessions"] < least)
        return False, doubted, sign * (row[name] or 0.0), -row["sessions"], row["segment"]

    return key


def boards_of(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the values of each dimension that an export gives."""
    boards: dict[str, list[Any]] = {}
    for row in rows:
        boards.setdefault(row.dimension, []).append(row)
    return {name: values for name, values in boards.items() if any(row.value != NOT_SET for row in values)}


def twin_line(row: Any) -> tuple[str, ...]:
    """Return a row as text."""
    return (
        TITLES[row.dimension],
        value_label(row.dimension, row.value),
        exact(row.sessions),
        exact(row.conversions),
        rate(row.conversion_rate),
        rate_range(row.conversion_rate_low, row.conversion_rate_high),
        *change_of(row),
        "yes" if row.beyond_chance else DASH,
        money(row.revenue, cents=True),
    )


def heading(rows: Sequence[Any], least: int) -> str:
    """Return the value that stands furthest above the others of its dimension; that none does by more than chance.

    Its interval meets none of theirs, and chance does not set one of so many values so far above the others together.
    """
    best: tuple[float, Any, Any] | None = None
    ranks = [row for row in rows if row.sessions >= least and row.value != NOT_SET]
    ranks.sort(key=lambda row: (-row.sessions, row.value))
    boards = [[row for row in ranks if row.dimension == name] for name in STORED_DIMENSIONS]
    boards = [values for values in boards if len(values) > 1]
    looks = sum(map(len, boards))
    for values in boards:
        top = max(values, key=lambda row: row.conversion_rate_low)
        second = max((row for row in values if row is not top), key=lambda row: row.conversion_rate_high)
        apart = top.conversion_rate_low - second.conversion_rate_high
        if apart > 0 and (best is None or apart > best[0]) and _is_above(top, values, looks):
            best = apart, top, second
    if best is None:
        return "No value stands above all others of its dimension by more than chance"
    _, top, second = best
    name, label = top.dimension, value_label(top.dimension, top.value)
    what = label if name in ("country", "region", "browser") else f"{TITLES[name]} {label}"
    return (
        f"{what} stands out: {rate(top.conversion_rate)} of {count(top.sessions)} sessions convert, of "
        f"other {TITLES[name].lower()} values no more than {rate(second.conversion_rate_high)}"
    )


def _is_above(top: Any, values: Sequence[Any], looks: int) -> bool:
    """Say whether a value lies above the others of its dimension by more than the best of `looks` does by chance."""
    others = [row for row in values if row is not top]
    rest = sum(row.conversions for row in others), sum(row.sessions for row in others)
    return any(larger_than_chance([((top.conversions, top.sessions), rest)], looks))
