"""Conversion rate of sources (or channels, or campaigns) by device: a heat map, beside volume, days and intervals."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import holoviews as hv
import pandas as pd
import param

from dashboard.body import LegendItem, Table
from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.checks import NEED as CHECKS
from dashboard.charts.source_cells import COLUMNS, DEVICE, SOURCE, cells_of, with_chosen
from dashboard.charts.source_days import breaks_of, way_out_of
from dashboard.charts.source_heat import HEAD, LEFT, LINE, axis_name, factors_of, layers, taps
from dashboard.charts.source_table import name_of, table_of
from dashboard.charts.source_words import chosen_heading, heading
from dashboard.charts.words import Row, device_label, device_place, empty_sentence
from dashboard.charts.words import days_of as shown_days
from dashboard.format import DASH, exact, expected, money, rate, rate_range
from dashboard.look import TINY, by, framed, mark, words
from dashboard.panels import Axis, Panel, frame_of_rows, rows_of
from queries.compose import EVERYTHING
from queries.engine import Result
from queries.judged import found_of, judged_pivot
from queries.vocabulary import TITLES

CLASS_BREAKS = (0.45, 0.65, 0.87, 1.15, 1.6, 2.4)
CLASS_LABELS = ("÷ 2 or less", "÷ 1.5", "below", "near", "above", "× 1.6", "× 2.4 or more")
PALE = (2, 4)
"""The first and last class that a cell may have whose interval holds the mean: below, near, above."""
SCALES = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.6, 1.0)
NOTE = (
    "Sorted by sessions; sources without an order are kept. The text is the rate as counted; the colour compares it "
    "with the mean of all sources, cautiously: small counts are drawn towards the mean, and a cell whose "
    "interval holds it is no more than pale. Click a name to filter by it, a cell to filter by it and its device."
)
GROUPS = {"Source": SOURCE, "Channel": "channel_group", "Campaign": "campaign"}


class Sources(ChartView):
    """Conversion rate of the ten largest sources by device, coloured by how far it lies from the mean of all.

    Frames: `cells`, one row a source and device, with "(all)" for all devices, and, in `row_kind`, sources listed
    ("source"), the rest ("more") and all ("all"): `source_rank`, `source` (the value of the chosen dimension),
    `sources` (how many), `device_category`, `sessions`, `conversions`, `conversion_rate` with `_low` and `_high`
    (0-1), `expected` (orders at the mean of all), `shrunk_rate`, `shrunk_ratio` (to the mean), `color_class` (0 far
    below it to 6 far above), `revenue`, `enough` (one order is expected). `days` and `all_days`: `sessions` a
    `session_date`, of each source and of all. `attrs` of the cells: "breaks", the checks of sources that vanished;
    "chosen", orders and sessions of those filtered.
    """

    group = param.Selector(default="Source", objects=list(GROUPS), doc="What the rows are.")

    key = "sources"
    label = "Conversion rate by traffic and device"
    own_settings = ("group",)
    renderer = "figure+table"
    height = 560

    @property
    def by(self) -> str:
        """Return the dimension of the chosen tab."""
        return GROUPS[self.group]

    def needs(self) -> tuple[Need, ...]:
        """Ask for cells and days of each value and of all, whatever value is filtered; checks; the filtered cells."""
        by = self.by
        days = Need("trend", shows=by)
        if by == SOURCE:
            cells, chosen = Need("sources_by_device", shows=by), Need("sources_by_device")
            return cells, Need("sources_by_day", shows=by), days, CHECKS, chosen
        pivot = partial(judged_pivot, dimensions=(by, DEVICE))
        cells, chosen = Need("pivot", shows=by, compute=pivot), Need("pivot", compute=pivot)
        return cells, Need("values_by_day", by=by, shows=by), days, CHECKS, chosen

    def read(self, results: Sequence[Result]) -> dict[str, pd.DataFrame]:
        """Return the largest sources, those filtered, the rest as one and all together, with their days."""
        by = self.by
        cells, chosen = (result.rows if by == SOURCE else cells_of(result) for result in (results[0], results[4]))
        if cells and self.context.filters.values(by):
            cells = with_chosen(cells, chosen)
        days = [{**row, SOURCE: row[SOURCE if by == SOURCE else "segment"]} for row in results[1].rows]
        held = {row[SOURCE] for row in days}
        breaks = [found for found in breaks_of(found_of(results[3]), by) if held & {found.value, found.taken_by}]
        own = next((row for row in chosen if row["row_kind"] == "all" and row[DEVICE] == EVERYTHING), None)
        named = sorted(cells, key=lambda row: (row["source_rank"], device_place(row[DEVICE]), row[DEVICE]))
        rows = [{**row, "color_class": cell_class(row), "revenue": float(row.get("revenue") or 0)} for row in named]
        frame = frame_of_rows(rows, COLUMNS)
        frame.attrs = {"breaks": breaks, "chosen": (own["conversions"], own["sessions"]) if own else (0, 0)}
        dated = ["session_date", "sessions"]
        return {
            "cells": frame,
            "days": frame_of_rows(days, [SOURCE, *dated]),
            "all_days": frame_of_rows(results[2].rows, dated),
        }

    def panels(self, frame: Mapping[str, pd.DataFrame]) -> list[Panel]:
        """Return the heat map: sources in their order from the top, then the rest and all, a column a device."""
        sources, devices = self.once(lines_of, frame), self.once(devices_of, frame)
        names = factors_of([axis_name(line[EVERYTHING], self._word) for line in sources]) or [DASH]
        columns = factors_of([device_label(device) for device in devices]) or [DASH]
        return [
            Panel(
                layers(sources, devices, (names, columns), self.colors, self.context.filters, self.by),
                Axis(factors=columns),
                Axis(factors=names[::-1]),
                height=HEAD + LINE * len(names) + 1,
                left=LEFT,
                taps={"targets": taps(sources, devices, self.by)},
            )
        ]

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return coloured cells with rates over counts, those of too few hatched, under what a pointer hits."""
        at, look = panel.table, self.colors
        corners = ["left", "bottom", "right", "top"]
        edge: dict[str, Any] = {"line_color": look.surface, "line_width": 4, "glyph": {"border_radius": 6}}
        cells = at("cells").hvplot.heatmap(
            "device", "source", "class", cmap=list(look.diverging), clim=(-0.5, 6.5), colorbar=False, hover=False
        )
        labels = {name: at(name).hvplot.labels("device", "source", "label", hover_cols=["color"])
                  for name in ("few words", "rates", "counts")}  # fmt: skip
        inked: dict[str, Any] = {"text_color": by("color")}
        hatch = {"hatch_pattern": "/", "hatch_color": look.hatch, "hatch_scale": 11, "border_radius": 6}
        drawn = [
            mark("cells", cells, clipping_colors={"NaN": "transparent"}, **edge),
            mark(
                "few",
                hv.Rectangles(at("few"), corners),
                fill_alpha=0,
                line_color=look.surface,
                line_width=4,
                glyph=hatch,
            ),
            words("few words", labels["few words"], look, halo=True, **inked),
            words(
                "rates",
                labels["rates"],
                look,
                text_baseline="bottom",
                text_font_style="bold",
                glyph={"y_offset": 1},
                **inked,
            ),
            words(
                "counts",
                labels["counts"],
                look,
                text_baseline="top",
                text_font_size=TINY,
                glyph={"y_offset": 1},
                **inked,
            ),
            mark("chosen", hv.Rectangles(at("chosen"), corners), fill_alpha=0, line_color=look.accent, line_width=2),
            mark("targets", hv.Rectangles(at("targets"), corners, ["title"]), fill_alpha=0, line_color=None),
        ]
        made = framed(drawn, panel, look, name=self.key, hover=["targets"], grid="", right=0, above=HEAD)
        return made.opts(xaxis="top", backend="bokeh")

    def say(self, frame: Mapping[str, pd.DataFrame]) -> Words:
        """Return who stands out or how the filtered ones do, how the colours are read, and what they mean."""
        sources, attrs = [line[EVERYTHING] for line in self.once(lines_of, frame)], frame["cells"].attrs
        if not sources:
            return Words(f"No {self._word} to compare", empty=empty_sentence(self.context))
        said = chosen_heading(sources, attrs["chosen"], self.context.filters, self.by)
        said = said or heading(sources, attrs["breaks"], self._word, len(shown_days(self.context)))
        return Words(said, NOTE.replace("sources", f"{self._word}s"), legend=ratio_legend())

    def body(self, frame: Mapping[str, pd.DataFrame]) -> Table:
        """Return the table at the right: volume, days, rate with its interval and revenue of each source."""
        sources, breaks = [line[EVERYTHING] for line in self.once(lines_of, frame)], frame["cells"].attrs["breaks"]
        days = self.once(rows_of, frame["days"]), self.once(rows_of, frame["all_days"])
        body = table_of(sources, days, breaks, scale_of(sources), self.context, self.by)
        if offer := way_out_of(breaks, self.context):
            body["offer"] = offer
        return body

    def table(self, frame: Mapping[str, pd.DataFrame]) -> TableTwin:
        """Return every cell as text."""
        return table_twin(self.once(lines_of, frame), self.once(devices_of, frame), self._word)

    @property
    def _word(self) -> str:
        return TITLES[self.by].lower()


def dimension_of(settings: Mapping[str, str]) -> str:
    """Return the dimension of the chosen tab."""
    return GROUPS.get(settings.get("group", ""), SOURCE)


def lines_of(frame: Mapping[str, pd.DataFrame]) -> list[dict[str, Row]]:
    """Return the cells of each line of the picture, by device."""
    ranks: dict[float, dict[str, Row]] = {}
    for row in rows_of(frame["cells"]):
        ranks.setdefault(row["source_rank"], {})[row[DEVICE]] = row
    return list(ranks.values())


def devices_of(frame: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the devices of the columns: desktop, mobile, tablet, then the others by name."""
    return sorted(set(frame["cells"][DEVICE]) - {EVERYTHING}, key=lambda name: (device_place(name), name))


def _interval(row: Row) -> tuple[float | None, float | None]:
    return row["conversion_rate_low"], row["conversion_rate_high"]


def scale_of(rows: Sequence[Row]) -> float:
    """Return the end of the common scale of intervals: the smallest round rate that holds the readable ones."""
    highs = [row["conversion_rate_high"] for row in rows if row["enough"] and row["conversion_rate_high"] is not None]
    return next((end for end in SCALES if end >= max(highs, default=0)), 1.0)


def class_of(ratio: float | None) -> int | None:
    """Return the colour class of a shrunk rate over the mean, 0 (÷ 2 or less) to 6 (× 2.4 or more)."""
    return None if ratio is None else bisect_right(CLASS_BREAKS, ratio)


def cell_class(row: Row) -> int | None:
    """Return the colour class of a cell; one of the three pale ones where its interval holds the mean of all."""
    place, ratio = class_of(row["shrunk_ratio"]), row["shrunk_ratio"]
    if place is None or not row["sessions"] or not ratio:
        return place
    mean = row["shrunk_rate"] / ratio
    low, high = _interval(row)
    holds = low is not None and high is not None and low <= mean <= high
    return min(max(place, PALE[0]), PALE[1]) if holds else place


def ratio_legend() -> list[LegendItem]:
    """Return what the colours of shrunk rates mean."""
    items = [LegendItem(label=label, color=f"diverging-{place}") for place, label in enumerate(CLASS_LABELS)]
    return [
        LegendItem(label="Against the mean of all:", shape="none"),
        *items,
        LegendItem(label="less than one order expected", shape="hatch"),
    ]


def table_twin(sources: Sequence[Mapping[str, Row]], devices: Sequence[str], word: str = "source") -> TableTwin:
    """Return every cell as text: sessions, converted, rate, interval, expected, shrunk rate and revenue."""
    rows = tuple(
        (
            name_of(row, word),
            "all" if device == EVERYTHING else row["device_category"],
            exact(row["sessions"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            rate_range(*_interval(row)),
            expected(row["expected"]),
            rate(row["shrunk_rate"]),
            money(row["revenue"], cents=True),
        )
        for held in sources
        for device in (EVERYTHING, *devices)
        if (row := held.get(device))
    )
    headers = (
        word.capitalize(),
        "Device",
        "Sessions",
        "Converted",
        "Rate",
        "95\u202f% interval",
        "Expected",
        "Shrunk",
        "Revenue",
    )
    return TableTwin(f"Conversion rate by {word} and device", headers, rows, (False, False, *(True,) * 7))
