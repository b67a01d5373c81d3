"""What a finding is: one cause of missing orders, with its name, date, step, price, certainty and state."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from queries.odd_days import OddDay
from queries.revenue import Estimate

Kind = Literal["fell", "combination", "moved", "more visits"]
Basis = Literal["costs", "worth", ""]
Certainty = Literal["certain", "likely", "could be chance"]
State = Literal["new", "known", "fixed?", "recovered", "ignored", "tracking suspected"]
EngineName = Literal["falls", "combinations", "moves", "values"]

CERTAIN, LIKELY = 0.01, 0.10


def certainty_of(chance: float) -> Certainty:
    """Return the word for the chance, after the search is allowed for, that a finding is none."""
    return "certain" if chance < CERTAIN else "likely" if chance < LIKELY else "could be chance"


@dataclass(frozen=True, slots=True)
class Counts:
    """Hold sessions and the orders among them: sessions with at least one order."""

    sessions: int
    orders: int

    @property
    def rate(self) -> float | None:
        """Return orders over sessions; None without sessions."""
        return self.orders / self.sessions if self.sessions else None


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold the same cause as another engine, or another segment, shows it; `shared` of its missing orders are these."""

    engine: EngineName
    segment: Mapping[str, str]
    shared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Hold one cause of missing orders, counted once.

    `onset` is the first day of a fall, `onset_range` the days it may be; both None for a combination, which is there
    on all days (`since` the first), and for what moved where the days are too few to date it: it is named for the later
    half of them (`since` its first day). `before` are the days before. `counts`, `expected` and `missing` are
    those since the onset, or of all days; `ratio` is orders over expected. `price` is money a month (of `period`): what
    a fall costs, or what the missing orders of a combination are worth; None where there is nothing to price. `chance`
    is that of so clear a row of its kind on any of 365 nights where nothing leaks, the search allowed for. `tracking`
    says why the counts themselves are in doubt, `against` what else speaks against the finding. `seen` are the same
    cause seen from elsewhere.
    """

    id: str
    kind: Kind
    name: str
    segment: Mapping[str, str]
    step: str = ""
    since: dt.date | None = None
    onset: dt.date | None = None
    onset_range: tuple[dt.date, dt.date] | None = None
    found: dt.date | None = None
    recovered: dt.date | None = None
    before: Counts | None = None
    counts: Counts
    expected: float
    ratio: float
    ratio_interval: tuple[float, float]
    missing: Estimate
    price: Estimate | None = None
    basis: Basis = ""
    period: str = "a month"
    chance: float
    tracking: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    against: tuple[str, ...] = ()
    state: State = "new"
    state_day: dt.date | None = None
    state_by: str = ""
    reason: str = ""

    @property
    def certainty(self) -> Certainty:
        """Return how sure the finding is, in a word."""
        return certainty_of(self.chance)

    @property
    def is_open(self) -> bool:
        """Say whether somebody should look at it: neither recovered nor ignored, and its counts are believed."""
        return self.state in ("new", "known", "fixed?") and self.kind != "more visits"

    @property
    def is_counted(self) -> bool:
        """Say whether its price is in the sum of its basis."""
        return self.is_open and self.price is not None and self.certainty != "could be chance"

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON with all fields, days as ISO text."""
        plain = asdict(self)
        plain["segment"] = dict(self.segment)
        plain["onset_range"] = list(self.onset_range) if self.onset_range else None
        plain["ratio_interval"] = list(self.ratio_interval)
        return {**plain, "certainty": self.certainty, "open": self.is_open, "counted": self.is_counted}


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold one standing difference, without an onset and without money: a value below similar visitors, or above.

    `orders_a_month` are those missing (too many, for `above`) a month of 30.4 days, or in the days there are.
    """

    name: str
    segment: Mapping[str, str]
    above: bool
    counts: Counts
    expected: float
    ratio: float
    ratio_interval: tuple[float, float]
    orders_a_month: Estimate
    period: str
    same_as: str = ""
    """The id of the finding that explains most of it; empty where none does."""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON with all fields."""
        return {**asdict(self), "segment": dict(self.segment), "ratio_interval": list(self.ratio_interval)}


@dataclass(frozen=True, slots=True)
class Register:
    """Hold all findings of a store's version: those to look at first, ranked by the low end of the price.

    `standing` are single values below similar visitors, `above` values and combinations that buy above average: both
    without money. `costs` and `worth` are the sums of the counted prices of each basis: each missing order is counted
    once. `smallest_fall` is the smallest share of its orders that the typical watched segment could have lost and be
    found; None where there are too few days. `left_out` are days that are not believed, `odd` those that date no fall.
    `false_a_year` is the share of shops where nothing leaks that are told a false finding in 365 nights, at most.
    """

    store_version: int
    first: dt.date | None
    last: dt.date | None
    days: int
    sessions: int
    orders: int
    findings: tuple[Finding, ...] = ()
    standing: tuple[Difference, ...] = ()
    above: tuple[Difference, ...] = ()
    costs: Estimate | None = None
    worth: Estimate | None = None
    period: str = ""
    mirrored: int = 0
    too_small: int = 0
    searched: int = 0
    watched: int = 0
    smallest_fall: float | None = None
    false_a_year: float = 0.0
    left_out: tuple[dt.date, ...] = ()
    odd: tuple[OddDay, ...] = ()

    @property
    def open(self) -> tuple[Finding, ...]:
        """Return the findings that somebody should look at, in order."""
        return tuple(one for one in self.findings if one.is_open)

    def named(self, id: str) -> Finding | None:
        """Return the finding of an id, None where there is none."""
        return next((one for one in self.findings if one.id == id), None)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON with all fields."""
        held = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = {name: [one.as_json() for one in held[name]] for name in ("findings", "standing", "above")}
        sums = {name: held[name].as_json() if held[name] else None for name in ("costs", "worth")}
        return {**held, **lists, **sums, "left_out": list(self.left_out), "odd": [asdict(each) for each in self.odd]}


def ranked(register: Register) -> Register:
    """Sort findings by the low end of their price, the dated first among equals, and add up the counted prices."""

    def rank(one: Finding) -> tuple:
        return not one.is_open, -(one.price.low if one.price else 0.0), one.onset is None, -one.missing.low, one.id

    ordered = tuple(sorted(register.findings, key=rank))
    sums = {basis: [one.price for one in ordered if one.is_counted and one.basis == basis and one.price]
            for basis in ("costs", "worth")}  # fmt: skip
    return replace(register, findings=ordered, costs=added(sums["costs"]), worth=added(sums["worth"]))


def added(prices: Sequence[Estimate]) -> Estimate | None:
    """Return the sum of independent estimates: medians add up, and so do the squares of their distances to each end."""
    if not prices:
        return None
    median = sum(price.median for price in prices)
    below = math.sqrt(sum((price.median - price.low) ** 2 for price in prices))
    over = math.sqrt(sum((price.high - price.median) ** 2 for price in prices))
    return Estimate(median - below, median, median + over)
