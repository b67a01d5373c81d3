"""What the open findings cost at each step of the funnel, with their range; falls and combinations apart."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import holoviews as hv
import pandas as pd

from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts import findings
from dashboard.charts.revenue_figure import LEFT, frame_end, layers, money_ticks, size_of, tick_words
from dashboard.charts.words import Row, empty_sentence, joined, transition
from dashboard.format import DASH, count, exact, money, money_range, money_short
from dashboard.look import by, framed, mark, words
from dashboard.panels import Axis, Panel, rows_of
from queries.engine import Result
from queries.findings import names
from queries.findings.finding import Basis, Finding, Register, added
from queries.findings.steps import EVERY, at_step
from queries.funnel import Funnel
from queries.judged import found_of

BASES: Mapping[Basis, str] = {"costs": "Falls cost", "worth": "Combinations are worth"}
ALL = "All findings"
COLUMNS = ["name", "abandonments", "basis", "who", "low", "median", "high", "whole"]


class RevenueLost(ChartView):
    """What open findings cost at each step with its 80 % interval; each missing order is counted once.

    Frame: one row a transition between steps, two where falls and combinations both lose there, then a row for what
    loses at every step or at a step of another funnel, and a `whole` row for all findings of a basis: `name`,
    `abandonments`, `basis` ("costs", "worth" or ""), `who` (a tuple of the findings' names), `low`, `median` and `high`
    (nothing where no finding is priced). `attrs` have the "period" of the money, whether there are "sessions" at all,
    and "seen", the smallest fall that would have been found.
    """

    key = "revenue_lost"
    label = "Revenue lost by step"
    span = 6
    height = 220
    traits: ClassVar[Mapping[str, Any]] = {"slow": True}

    def needs(self) -> tuple[Need, ...]:
        """Ask for the steps, whether there are sessions at all, and for the register."""
        return Need("funnel"), Need("overview"), findings.NEED

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return a row for each step and basis."""
        rows, whole, register = results[0].rows, results[1].rows, found_of(results[2])
        some = bool(whole and whole[0]["sessions"])
        return frame_of(rows if some else (), self.context.funnel, register or Register(0, None, None, 0, 0, 0))

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a row a step and basis on one axis of money from 0."""
        drawn = layers(frame, [_row_words(row) for row in rows_of(frame)], frame.attrs["period"], self.colors)
        height, lowest, highest = size_of(len(frame))
        end = frame_end(frame)
        ticks = money_ticks(end if frame["median"].notna().any() else 0.0)
        axis = Axis(0.0, end, ticks, [tick_words(tick) for tick in ticks])
        return [Panel(drawn, axis, Axis(lowest, highest), height=height, left=LEFT)]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return ranges with a tick at their median under their amounts; step and sessions that left at the left."""
        at, look = panel.table, self.colors
        corners, line = ["left", "bottom", "right", "top"], ["x", "y", "x_too", "y_too"]
        left: dict[str, Any] = {"text_align": "left", "text_baseline": "middle"}

        def said(name: str, offset: float, color: str, **style: Any) -> Any:
            labels = at(name).hvplot.labels("x", "y", "label", hover_cols=["color"])
            ink = by("color") if color == "" else color
            return words(name, labels, look, beyond=True, text_color=ink, glyph={"x_offset": offset}, **left, **style)

        drawn = [
            mark("rule", hv.Segments(at("rule"), line), line_color=look.control),
            mark("tracks", hv.Rectangles(at("tracks"), corners), fill_color=look.sunken, line_color=None,
                 glyph={"border_radius": 2}),
            mark("ranges", hv.Rectangles(at("ranges"), corners, ["title"]), fill_color=look.loss_band, line_color=None,
                 glyph={"border_radius": 2}),
            mark("medians", at("medians").hvplot.scatter("median", "y", hover_cols=["title"]), marker="dash", angle=90,
                 size=18, line_color=look.loss, line_width=3),
            said("heads", 0, look.text_tertiary),
            said("names", -LEFT, ""),
            said("lefts", -LEFT, ""),
            said("amounts", 0, look.text, text_font_style="bold"),
            said("intervals", 52, look.text_tertiary),
        ]  # fmt: skip
        return framed(drawn, panel, look, name=self.key, hover=["ranges"], grid="x", right=6, above=0)

    def say(self, frame: pd.DataFrame) -> Words:
        """Return where most is lost, and what is counted."""
        if not frame.attrs["sessions"]:
            return Words("No sessions, so nothing left", empty=empty_sentence(self.context))
        return Words(heading(rows_of(frame), frame.attrs["period"]), note(rows_of(frame), frame.attrs["seen"]))

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return the exact amounts per step."""
        lines = [
            (row["name"], exact(row["abandonments"]), BASES.get(row["basis"], DASH), joined(list(row["who"])) or DASH,
             *((money(row["median"]), f"{money(row['low'])} to {money(row['high'])}") if known(row) else (DASH, DASH)))
            for row in rows_of(frame)
        ]  # fmt: skip
        headers = ("Step", "Left", "What", "Findings", f"Money {frame.attrs['period']}", "80 % interval")
        return TableTwin("Revenue lost per step", headers, tuple(lines), (False, True, False, False, True, True))


def known(row: Row) -> bool:
    """Say whether a row has money."""
    return row["median"] is not None and row["median"] == row["median"]


def frame_of(rows: Sequence[Row], funnel: Funnel, register: Register) -> pd.DataFrame:
    """Return the counted findings by the step at which they lose; `rows` are those of the metric "funnel"."""
    counted = [one for one in register.findings if one.is_counted]
    steps = {at_step(step): place for place, step in enumerate(funnel.steps) if place}
    held: list[dict[str, Any]] = []
    for place, (row, after) in enumerate(pairwise(rows), 1):
        here = [one for one in counted if steps.get(one.step) == place]
        held += _rows_of(transition(row["step"], after["step"]), row["abandonments"] or 0, here)
    rest = [one for one in counted if one.step not in steps]
    left = sum(row["abandonments"] or 0 for row in rows)
    if rows and rest:
        held += _rows_of(_elsewhere(rest), left, rest)
    if rows and counted:
        held += [{**row, "whole": True} for row in _rows_of(ALL, left, counted)]
    frame = pd.DataFrame(held, columns=COLUMNS)
    frame.attrs = {"period": register.period or "a month", "sessions": bool(rows), "seen": names.smallest(register)}
    return frame


def _elsewhere(rest: Sequence[Finding]) -> str:
    said = {one.step for one in rest}
    return "At every step" if said <= {EVERY, ""} else "At steps of another funnel"


def _rows_of(name: str, left: int, here: Sequence[Finding]) -> list[dict[str, Any]]:
    shared = {"name": name, "abandonments": left, "whole": False}
    found = [
        {**shared, "basis": basis, "who": tuple(one.name for one in mine), **total.as_json()}
        for basis in BASES
        if (mine := [one for one in here if one.basis == basis])
        if (total := added([one.price for one in mine if one.price]))
    ]
    return found or [{**shared, "basis": "", "who": (), "low": None, "median": None, "high": None}]


def _row_words(row: Row) -> dict[str, str]:
    amounts = {"amount": DASH, "interval": ""}
    if known(row):
        amounts = {"amount": money_short(row["median"]), "interval": money_range(row["low"], row["high"])}
    left = f"{count(row['abandonments'])} left" if row["basis"] != "worth" else "missing orders of combinations"
    return {"name": row["name"], "left": left, "title": joined(list(row["who"])), **amounts}


def heading(rows: Sequence[Row], period: str) -> str:
    """Return at which step most is lost, of how much."""
    totals = {row["basis"]: row for row in rows if row["whole"]}
    basis = next((basis for basis in BASES if basis in totals), None)
    if basis is None:
        return "No open finding costs anything"
    mine = [row for row in rows if row["basis"] == basis and not row["whole"]]
    most = max(mine, key=lambda row: row["median"])
    whole, verb = totals[basis], BASES[basis]
    amount = f"{verb} {money_short(whole['median'])} {period}"
    where = most["name"][0].lower() + most["name"][1:] if most["name"].startswith("At ") else f"at {most['name']}"
    return f"{amount}, {'all' if len(mine) == 1 else money_short(most['median'])} of it {where}"


def note(rows: Sequence[Row], seen: str) -> str:
    """Return what is counted here."""
    if not any(row["whole"] for row in rows):
        return seen
    return "Open findings by the step at which they lose, each missing order once. No filter changes them."
