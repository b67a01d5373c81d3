"""The closed list of metrics: what each counts, at which grain, and what Python adds to its counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from queries.filters import check_dimension
from queries.vocabulary import STORED_DIMENSIONS

SQL_FOLDER = Path(__file__).parent / "sql"


class QuestionError(ValueError):
    """Say what cannot be asked of a metric, and what can."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Ask for the Wilson interval of `part / whole`, added as `<rate>_low` and `<rate>_high`."""

    rate: str
    part: str
    whole: str


@dataclass(frozen=True, slots=True)
class Metric:
    """Describe one metric: `sql/<name>.sql` gives its counts, `intervals` what statistics adds.

    `columns` are those of the result, in order; with a segment, `segment` comes first. `options` are bound parameters
    with their defaults. `segmented` says whether the metric can be split by a dimension: "no", "may" or "must".
    `adds_up` promises that the SQL only adds up totals and asks of a session no more than its step and the classes of
    queries/rollup.py: it may then read a rollup. `engaged_only` promises that it leaves out sessions of less than 5
    pageviews without an order.
    """

    name: str
    title: str
    grain: str
    columns: tuple[str, ...]
    intervals: tuple[Interval, ...] = ()
    options: Mapping[str, int] = field(default_factory=dict)
    segmented: str = "may"
    adds_up: bool = False
    engaged_only: bool = False

    @property
    def sql(self) -> str:
        """Return the text of the metric's SQL file."""
        return (SQL_FOLDER / f"{self.name}.sql").read_text(encoding="utf-8")


CONVERSION = Interval("conversion_rate", "conversions", "sessions")

METRICS = (
    Metric(
        "overview",
        "Key figures",
        "one row, or one per segment",
        ("sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high", "transactions",
         "revenue", "revenue_per_conversion", "revenue_per_session", "largest_revenue", "pageviews", "days",
         "first_date", "last_date"),
        (CONVERSION,),
        adds_up=True,
    ),
    Metric(
        "visitors",
        "Distinct visitors",
        "one row, or one per segment; needs raw rows",
        ("visitors", "sessions", "sessions_per_visitor"),
    ),
    Metric(
        "funnel",
        "Funnel",
        "one row per funnel step, and per segment",
        ("position", "step", "definition", "reached", "share_of_first", "share_of_first_low", "share_of_first_high",
         "completion_rate", "completion_rate_low", "completion_rate_high", "abandonments", "abandonment_rate"),
        (Interval("share_of_first", "reached", "entered"), Interval("completion_rate", "completed", "reached")),
        adds_up=True,
    ),
    Metric(
        "stages",
        "Stages of engagement",
        "one row per exclusive class of pageviews (0, 1-4, 5-9, 10 or more)",
        ("position", "stage", "definition", "sessions", "share", "conversions"),
        adds_up=True,
    ),
    Metric(
        "revenue_lost",
        "Revenue lost per step (ceiling)",
        "one row per transition between funnel steps, and per segment",
        ("position", "step", "next_step", "abandonments", "conversions", "revenue", "revenue_per_conversion",
         "ceiling"),
        adds_up=True,
    ),
    Metric(
        "countries",
        "Conversion by country",
        "one row per country, most sessions first",
        ("country", "sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high",
         "expected", "shrunk_rate", "transactions", "revenue", "enough"),
        (CONVERSION,),
        {"min_sessions": 100, "prior_sessions": 300},
        "no",
        adds_up=True,
    ),
    Metric(
        "durations",
        "Session duration against conversion",
        "one row per duration bucket (all nine, also empty ones), and per segment",
        ("position", "bucket", "sessions", "conversions", "conversion_rate", "conversion_rate_low",
         "conversion_rate_high", "share"),
        (CONVERSION,),
        adds_up=True,
    ),
    Metric(
        "sources_by_device",
        "Source by device",
        "one row per source and device: the largest sources, the rest as one, and all together",
        ("source_rank", "row_kind", "source", "sources", "device_category", "sessions", "conversions",
         "conversion_rate", "conversion_rate_low", "conversion_rate_high", "expected", "shrunk_rate", "shrunk_ratio",
         "revenue", "enough"),
        (CONVERSION,),
        {"top": 10, "prior_sessions": 300},
        "no",
        adds_up=True,
    ),
    Metric(
        "sources_by_day",
        "Source by day",
        "one row per day and source, for the largest sources",
        ("source_rank", "source", "session_date", "sessions", "conversions"),
        (),
        {"top": 10},
        "no",
        adds_up=True,
    ),
    Metric(
        "trend",
        "Trend",
        "one row per day with sessions, and per segment",
        ("session_date", "sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high",
         "transactions", "revenue"),
        (CONVERSION,),
        adds_up=True,
    ),
    Metric(
        "converted_vs_engaged",
        "Converted against engaged without an order",
        "one row per group: converted sessions, and sessions of 5 pageviews or more without an order",
        ("visit_group", "sessions", "mean_pageviews", "median_pageviews", "mean_duration_seconds",
         "median_duration_seconds", "sessions_with_duration"),
        engaged_only=True,
    ),
    Metric(
        "segments",
        "Segments of one dimension",
        "one row per value of the dimension, most sessions first",
        ("sessions", "conversions", "conversion_rate", "conversion_rate_low", "conversion_rate_high", "transactions",
         "revenue"),
        (CONVERSION,),
        {},
        "must",
        adds_up=True,
    ),
    Metric(
        "step_times",
        "Time on site by last step reached",
        "one row per last step reached (0: none), and per segment; needs raw rows",
        ("last_step", "sessions", "sessions_with_duration", "median_duration_seconds"),
    ),
    Metric(
        "change_cells",
        "Cells of who visits",
        "one row per device, visitor type and country",
        ("device_category", "visitor_type", "country", "sessions", "conversions"),
        (),
        {},
        "no",
        adds_up=True,
    ),
    Metric(
        "day_cells",
        "Cells of who visits, by day",
        "one row per day, device, visitor type and country: the largest country, the rest as one",
        ("session_date", "device_category", "visitor_type", "country", "sessions", "conversions"),
        (),
        {"top": 1},
        "no",
        adds_up=True,
    ),
    Metric(
        "quality_days",
        "What a day recorded",
        "one row per day with sessions, and per segment",
        ("session_date", "sessions", "conversions", "revenue", "pageviews", "duration_seconds",
         "sessions_with_duration", "deep_sessions", "sessions_without_page", "orders_without_revenue",
         "revenue_without_order", "orders_with_steps_known", "orders_without_checkout"),
    ),
    Metric(
        "not_set_by_day",
        "Sessions without a value, by day",
        "one row per day with sessions: how many have (not set) for each dimension",
        ("session_date", "sessions", *STORED_DIMENSIONS),
        (),
        {},
        "no",
    ),
    Metric(
        "values_by_day",
        "Values of one dimension, by day",
        "one row per day and value of the dimension, for the largest values, the rest as one",
        ("session_date", "sessions", "conversions"),
        (),
        {"top": 10},
        "must",
        adds_up=True,
    ),
)  # fmt: skip

METRIC_NAMES = tuple(metric.name for metric in METRICS)


def metric_named(name: str) -> Metric:
    """Return the metric of that name; raise KeyError with the list of names otherwise."""
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise KeyError(f'there is no metric "{name}"; choose one of: {", ".join(METRIC_NAMES)}')


def metric_asked(name: str, by: str | None) -> Metric:
    """Return the metric, if it exists and can be split that way; raise QuestionError otherwise."""
    try:
        metric = metric_named(name)
    except KeyError as error:
        raise QuestionError(error.args[0]) from None
    if by is not None:
        try:
            check_dimension(by)
        except ValueError as error:
            raise QuestionError(str(error)) from None
    if by and metric.segmented == "no":
        raise QuestionError(f'"{name}" cannot be split: it is {metric.grain}; ask for "segments" by {by} instead')
    if not by and metric.segmented == "must":
        raise QuestionError(f'"{name}" needs a dimension to split by: {metric.grain}')
    return metric
