"""Session duration against conversion, one panel a device: rates with intervals above, sessions below, same scales."""

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import pandas as pd

from dashboard.cards import Need, TableTwin
from dashboard.chart import ChartView, Words
from dashboard.charts.chosen import passes
from dashboard.charts.words import (
    Row,
    by_segment,
    device_label,
    device_shape,
    empty_sentence,
    joined,
    part_of,
    rate_of,
)
from dashboard.format import DASH, THIN, count, exact, plural, rate, rate_range, share
from dashboard.look import TINY, by, framed, mark, rate_ticks, words
from dashboard.panels import Axis, Columns, Panel, columns, frame_of_rows, rows_of
from queries.engine import Result
from queries.statistics import intervals_meet, larger_than_chance, wilson_interval

DEVICE = "device_category"
FEW = 20
"""Buckets with fewer sessions than this have a dotted interval and no mark."""
LONG_FROM, MEASURED_FROM = 6, 2
"""Positions of the buckets: 5 minutes and longer begin at 6, measured durations at 2."""
TICKS = tuple(text.replace(" ", THIN) for text in ("0 s", "<10 s", "<1 m", "<3", "<5", "<10", "<20", "<1 h", "more"))
"""The unit stands where it changes: nine whole labels do not fit below a narrow panel."""
COLUMNS = (
    DEVICE, "position", "bucket", "sessions", "share", "conversions", "conversion_rate", "conversion_rate_low",
    "conversion_rate_high",
)  # fmt: skip
ENDS, PLACES, WIDTH = (0.4, 9.6), tuple(float(place) for place in range(1, 10)), 0.62
BELOW, ABOVE, BARS, HEADROOM = -0.62, 1.04, (-0.62, -0.2), 1.45
"""Of the highest rate: the ends of the picture, and where the bars of sessions stand; these have room for words."""
WHISKER = "position conversion_rate_low position_too top", "color title"
LAYERS = {
    "sessions": ("left base right end sessions alpha", "title"),
    "counts": ("position end", "label"),
    "head": ("position y", "label"),
    "whiskers": WHISKER,
    "few": WHISKER,
    "rates": ("position conversion_rate", "color marker title"),
}
"""The columns of every layer: numbers, then texts."""
NOTE = (
    f"Buying takes time, so this is no advice to keep people longer. Dots with 95{THIN}% intervals: share of sessions "
    f"that converted; dotted and without a dot where there are under {FEW} sessions. Bars: sessions; paler at 0 s: one "
    "hit, or an export without durations. Below them: time on site, in seconds (s), minutes (m) or hours (h)."
)


class Durations(ChartView):
    """Conversion rate by time on site, a picture a device, all on the same two scales, over the sessions.

    Frame: one row a device and bucket of durations: `device_category`, `position` (1: not measured, 2 to 9: measured
    ones, the longest last), `bucket`, `sessions`, `share` of the device's sessions, `conversions`, `conversion_rate`
    with `_low` and `_high` (0-1; NaN without a session).
    """

    key = "durations"
    label = "Session duration and conversion, by device"
    height = 330
    most_panels = 4

    def needs(self) -> tuple[Need, ...]:
        """Ask for the nine buckets of each device, whatever device is filtered."""
        return (Need("durations", by=DEVICE, shows=DEVICE),)

    def read(self, results: Sequence[Result]) -> pd.DataFrame:
        """Return the buckets, those of desktop, mobile and tablet first."""
        rows = [{**row, DEVICE: device} for device, held in by_segment(results[0].rows).items() for row in held]
        return frame_of_rows(rows, COLUMNS)

    def panels(self, frame: pd.DataFrame) -> list[Panel]:
        """Return a picture of each of the first four devices: rates above zero, sessions below it."""
        shown = list(self.once(devices_of, frame).items())[: self.most_panels]
        every = [row for _, rows in shown for row in rows]
        ticks, labels = rate_ticks(scale_end(every))
        scale = ticks[-1], max((row["sessions"] for row in every), default=1) * HEADROOM
        x = Axis(*ENDS, PLACES, TICKS)
        y = Axis(BELOW * scale[0], ABOVE * scale[0], ticks, labels)
        drawn = [
            (device_label(device), panel_verdict(rows, len(shown)), self._layers(device, rows, *scale))
            for device, rows in shown
        ]
        drawn = drawn or [(DASH, "", self._layers("", [], *scale))]
        return [Panel(layers, x, y, label, verdict, height=self.height, left=40) for label, verdict, layers in drawn]

    def _layers(self, device: str, rows: Sequence[Row], top: float, most: float) -> dict[str, Columns]:
        """Return dots, whiskers, bars and words of one device, grey where a filter leaves it out."""
        look = self.colors
        named = device in look.devices and passes(self.context.filters, DEVICE, device)
        color = look.devices[device] if named else look.previous
        held: list[dict[str, Any]] = [
            {
                **row,
                "position_too": row["position"],
                "top": min(row["conversion_rate_high"] or 0.0, top),
                "color": color,
                "marker": device_shape(device),
                "title": title(device, row),
                "left": row["position"] - WIDTH / 2,
                "right": row["position"] + WIDTH / 2,
                "base": BARS[0] * top,
                "end": (BARS[0] + (BARS[1] - BARS[0]) * row["sessions"] / (most or 1)) * top,
                "alpha": 0.55 if row["position"] == 1 else 1.0,
                "label": bar_label(row["sessions"]),
            }
            for row in rows
        ]
        large = [row for row in held if row["sessions"] >= FEW]
        small = [row for row in held if 0 < row["sessions"] < FEW]
        head = [{"position": 0.5, "y": -0.11 * top, "label": "Sessions"}] if rows else []
        drawn = {"rates": large, "whiskers": large, "few": small, "sessions": held, "counts": held, "head": head}
        return {
            name: columns(
                drawn[name], **dict.fromkeys(numbers.split(), "number"), **dict.fromkeys(texts.split(), "text")
            )
            for name, (numbers, texts) in LAYERS.items()
        }

    def draw(self, panel: Panel) -> hv.Overlay:
        """Return dots over their intervals, and the bars of sessions below them with their counts."""
        at, look = panel.table, self.colors
        corners, bar = ["left", "base", "right", "end"], ["sessions", "alpha", "title"]
        ends, looks = ["position", "conversion_rate_low", "position_too", "top"], ["color", "title"]
        dot = ["color", "marker", "title"]
        drawn = [
            mark("sessions", hv.Rectangles(at("sessions"), corners, bar), fill_color=look.bars,
                 fill_alpha=by("alpha"), line_color=None),
            words("counts", at("counts").hvplot.labels("position", "end", "label"), look, text_font_size=TINY,
                  text_baseline="bottom", glyph={"y_offset": -3}),
            words("head", at("head").hvplot.labels("position", "y", "label"), look, text_align="left",
                  text_baseline="middle"),
            mark("whiskers", hv.Segments(at("whiskers"), ends, looks), line_color=by("color"), line_width=2),
            mark("few", hv.Segments(at("few"), ends, looks), line_color=by("color"), line_dash="dotted"),
            mark("rates", at("rates").hvplot.scatter("position", "conversion_rate", hover_cols=dot), size=9,
                 marker=by("marker"), fill_color=by("color"), line_color=look.surface),
        ]  # fmt: skip
        hover = ["sessions", "whiskers", "few", "rates"]
        return framed(drawn, panel, look, name=self.key, hover=hover, right=6, above=50, hooks=[_small_ticks])

    def say(self, frame: pd.DataFrame) -> Words:
        """Return the highest rate of each device, and how the pictures are read."""
        devices = self.once(devices_of, frame)
        if not devices:
            return Words("No durations to compare", empty=empty_sentence(self.context))
        chosen = {device: rows for device, rows in devices.items() if passes(self.context.filters, DEVICE, device)}
        shown = min(len(devices), self.most_panels)
        said = card_heading(chosen, shown) if chosen else empty_sentence(self.context).removesuffix(".")
        return Words(said, note(chosen or devices, list(devices)[self.most_panels :]))

    def table(self, frame: pd.DataFrame) -> TableTwin:
        """Return every bucket of every device."""
        return table_twin(self.once(devices_of, frame))


def _small_ticks(plot: Any, _element: Any) -> None:
    plot.handles["plot"].xaxis[0].major_label_text_font_size = TINY


def devices_of(frame: pd.DataFrame) -> dict[str, list[Row]]:
    """Return the rows of each device, in the order of the frame."""
    devices: dict[str, list[Row]] = {}
    for row in rows_of(frame):
        devices.setdefault(row[DEVICE], []).append(row)
    return devices


def scale_end(rows: Sequence[Row]) -> float:
    """Return the rate that the common scale must hold: the intervals of buckets large enough, of all where none is."""
    known = [row for row in rows if row["sessions"]]
    large = [row for row in known if row["sessions"] >= FEW] or known
    return max((row["conversion_rate_high"] for row in large), default=0.01) or 0.01


def heading(devices: Sequence[Sequence[Row]]) -> str:
    """Return how sessions of 5 minutes or more convert beside shorter measured ones, over all devices."""
    rows = [row for held in devices for row in held]
    long, short = _pooled(rows, LONG_FROM, 9), _pooled(rows, MEASURED_FROM, LONG_FROM - 1)
    if not long[1] and not short[1]:
        sessions = sum(row["sessions"] for row in rows)
        whose = f"of these {plural(sessions, 'session')}" if sessions > 1 else "of the only session"
        return f"No duration {whose} is measured: one hit each, or an export without durations"
    if not long[0] and not short[0]:
        return f"No session with a measured duration converted ({part_of(0, long[1] + short[1])})"
    if not long[1] or not short[1]:
        return (
            f"{'Shorter' if short[1] else 'Longer'} sessions only: {rate_of(*(short if short[1] else long))} converted"
        )
    ends = f"sessions of 5 minutes or more convert at {rate(long[0] / long[1])}, shorter measured ones at "
    ends += rate(short[0] / short[1])
    if intervals_meet(wilson_interval(*long), wilson_interval(*short)):
        return f"{ends[0].upper()}{ends[1:]}: too few to say they differ"
    if long[0] / long[1] < short[0] / short[1]:
        return f"{ends[0].upper()}{ends[1:]}"
    return f"Buying takes time: {ends}"


def card_heading(devices: Mapping[str, Sequence[Row]], shown: int) -> str:
    """Return the highest rate of each device with the time on site it is reached at; the finding where none has one.

    `shown` is how many devices have a picture.
    """
    said = []
    for device, rows in list(devices.items())[: Durations.most_panels]:
        best = best_bucket(rows, shown)
        if best:
            said.append(f"{device_label(device)} {rate(best['conversion_rate'])} {bucket_words(best)}")
    if not said:
        return heading(list(devices.values()))
    return f"Highest rate by time on site: {joined(said)}"


def bucket_words(row: Row) -> str:
    """Return where a bucket of durations is: at 20–60 min, over 60 min."""
    words = row["bucket"].replace("-", "–").replace("> ", "over ")
    words = f"{words.removesuffix(' m')} min" if words.endswith(" m") else words
    return words if words.startswith("over") else f"at {words}"


def best_bucket(rows: Sequence[Row], devices: int = 1) -> Row | None:
    """Return the bucket of measured durations that converts best, if it stands above the rest by more than chance.

    By more than chance: as many buckets of so many devices do not lie so far apart by chance.
    """
    large = [row for row in rows if row["sessions"] >= FEW and row["position"] >= MEASURED_FROM]
    if sum(row["conversions"] for row in large) == 0:
        return None
    best = max(large, key=lambda row: row["conversion_rate"])
    other = _pooled([row for row in rows if row is not best], MEASURED_FROM, 9)
    ours = best["conversion_rate_low"], best["conversion_rate_high"]
    pair = (best["conversions"], best["sessions"]), other
    sure = any(larger_than_chance([pair], devices * len(large)))
    return best if sure and not intervals_meet(ours, wilson_interval(*other)) else None


def _pooled(rows: Sequence[Row], first: int, last: int) -> tuple[int, int]:
    held = [row for row in rows if first <= row["position"] <= last]
    return sum(row["conversions"] for row in held), sum(row["sessions"] for row in held)


def panel_verdict(rows: Sequence[Row], devices: int = 1) -> str:
    """Return what one of so many devices shows: its highest bucket if it stands above the rest, else that none does."""
    large = [row for row in rows if row["sessions"] >= FEW and row["position"] >= MEASURED_FROM]
    if sum(row["conversions"] for row in large) == 0:
        return "Too few orders to draw a shape" if large else "Too few measured sessions to draw a shape"
    if best := best_bucket(rows, devices):
        return f"Highest {bucket_words(best)}: {rate(best['conversion_rate'])}"
    most = max(row["conversion_rate"] for row in large)
    return f"{rate(most)} at best, within chance of the rest"


def note(devices: Mapping[str, Sequence[Row]], left_out: Sequence[str] = ()) -> str:
    """Return how the chart is read, and how many sessions are a single hit."""
    rows = [row for held in devices.values() for row in held]
    sessions, hits = sum(row["sessions"] for row in rows), sum(row["sessions"] for row in rows if row["position"] == 1)
    parts = [NOTE]
    if hits and sessions:
        parts.append(f"At 0{THIN}s are {share(hits / sessions)} of the sessions ({part_of(hits, sessions)}).")
    if left_out:
        parts.append(f"Not drawn, see the table: {joined([device_label(device) for device in left_out])}.")
    return " ".join(parts)


def bar_label(sessions: int) -> str:
    """Return the sessions over a narrow bar: 388, 3.4 k, 20 k; nothing for none."""
    if sessions < 1000:
        return count(sessions) if sessions else ""
    if sessions < 999_500:
        return f"{sessions / 1000:.{1 if sessions < 9950 else 0}f}{THIN}k"
    return count(sessions)


def title(device: str, row: Row) -> str:
    """Return the hover text of a bucket: rate with interval, counts, share of the device's sessions."""
    if not row["sessions"]:
        return f"{device_label(device)}, {row['bucket']}: no session"
    interval = rate_range(row["conversion_rate_low"], row["conversion_rate_high"])
    few = "; too few to say" * (row["sessions"] < FEW)
    return (
        f"{device_label(device)}, {row['bucket']}: {rate(row['conversion_rate'])} ({interval}), "
        f"{exact(row['conversions'])} of {exact(row['sessions'])}; {share(row['share'])} of its sessions{few}"
    )


def table_twin(devices: Mapping[str, Sequence[Row]]) -> TableTwin:
    """Return every bucket of every device."""
    rows = tuple(
        (
            device_label(device),
            row["bucket"],
            exact(row["sessions"]),
            share(row["share"]),
            exact(row["conversions"]),
            rate(row["conversion_rate"]),
            rate_range(row["conversion_rate_low"], row["conversion_rate_high"]),
        )
        for device, held in devices.items()
        for row in held
    )
    headers = ("Device", "Duration", "Sessions", "Share of device", "Converted", "Rate", "95\u202f% interval")
    return TableTwin("Conversion by session duration and device", headers, rows, (False, False, *(True,) * 5))
