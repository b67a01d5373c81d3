"""What a leak list says: its rows, and what it searched to find them. The names are those of the JSON."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from queries.filters import Filters
from queries.revenue import CLOSABLE_CHANGE, CLOSABLE_GAP, Estimate, OfDays

Segment = dict[str, str]
Kind = Literal["leak", "gap", "strong", "above"]

MIRRORED_FROM = 2
"""Chance names one combination above its parts now and then; from so many on they are there."""


@dataclass(frozen=True, slots=True)
class Relative:
    """Hold a shorter or longer segment that the same cause explains: it was rejected before, not after."""

    segment: Segment
    sessions: int
    conversions: int
    expected: float

    @property
    def ratio(self) -> float:
        """Return the conversions over those expected before the leak was taken into account."""
        return self.conversions / self.expected


@dataclass(frozen=True, slots=True)
class Leak:
    """Hold one row of a list: a segment, what it had, what was expected, and what the difference costs.

    `kind` is "leak" (a combination below what its parts predict), "gap" (a value below its peers), "strong" (a
    combination above) or "above" (a value above its peers). The intervals are those of the report;
    `recoverable_conversions` and `revenue_at_stake` are those of the shown period, times the share that can be closed;
    for "strong" and "above" they are the surplus.
    """

    kind: Kind
    segment: Segment
    sessions: int
    conversions: int
    expected: float
    ratio: float
    ratio_interval: tuple[float, float]
    recoverable_conversions: Estimate
    revenue_at_stake: Estimate
    p: float
    relatives: tuple[Relative, ...] = ()

    @property
    def same_leak_as(self) -> tuple[Segment, ...]:
        """Return the segments that are this leak seen from elsewhere."""
        return tuple(relative.segment for relative in self.relatives)

    @property
    def missing_conversions(self) -> Estimate:
        """Return all conversions that a row lacks (has too many, if strong), whatever share can be won back."""
        return self.recoverable_conversions.times(1 / (CLOSABLE_GAP if self.kind == "gap" else CLOSABLE_CHANGE))

    def as_json(self) -> dict:
        """Return plain JSON: the keys that the command line prints."""
        return {
            "segment": self.segment,
            "sessions": self.sessions,
            "conversions": self.conversions,
            "expected": self.expected,
            "ratio": self.ratio,
            "ratio_interval": list(self.ratio_interval),
            "recoverable_conversions": self.recoverable_conversions.as_json(),
            "revenue_at_stake": self.revenue_at_stake.as_json(),
            "p": self.p,
            "same_leak_as": list(self.same_leak_as),
        }


def is_first_visits(leak: Leak) -> bool:
    """Say whether a row is the gap of new visitors, which is there nearly everywhere and no fault by itself."""
    return leak.kind == "gap" and leak.segment.get("visitor_type") == "new"


@dataclass(frozen=True, slots=True)
class Detectable:
    """Hold the smallest leak that is found half of the time here.

    `lost_conversions` is the smallest loss in any searched segment, `ratio` the mildest ratio to expectation in any,
    `typical_ratio` that of the median segment; None when nothing was large enough to search.
    """

    lost_conversions: float | None
    ratio: float | None
    typical_ratio: float | None


@dataclass(frozen=True, slots=True)
class LeakReport(OfDays):
    """Hold the leak list with what it searched and what share of it may be false.

    `revenue_at_stake` is that of all leaks together: peeled leaks share no lost conversion, so they may be added up;
    gaps overlap and may not. `step` names the completed step (None: from the session to the order); `days` are those
    with sessions in the period; `values_judged` the single values that were compared with their peers; `store_version`
    and `filters` are None for cells that came from no store.
    """

    dimensions: tuple[str, ...]
    sessions: int
    conversions: int
    searched: int
    too_small: int
    fdr: float
    interval: float
    days: int | None
    smallest_detectable: Detectable
    leaks: tuple[Leak, ...]
    gaps: tuple[Leak, ...]
    strong: tuple[Leak, ...]
    revenue_at_stake: Estimate
    max_order: int = 3
    above: tuple[Leak, ...] = ()
    values_judged: int = 0
    store_version: int | None = None
    filters: Filters | None = None
    funnel: str | None = None
    step: str | None = None

    @property
    def mirrored(self) -> int:
        """Return how many leaks may be real differences and no fault: as many as combinations were found above.

        Faults only lower a rate, while what visitors really prefer raises some combinations as far as it lowers others.
        """
        return min(len(self.strong), len(self.leaks)) if len(self.strong) >= MIRRORED_FROM else 0

    @property
    def rows(self) -> tuple[Leak, ...]:
        """Return all rows: leaks, gaps, strong segments, values above their peers."""
        return self.leaks + self.gaps + self.strong + self.above

    def as_json(self) -> dict:
        """Return plain JSON: the keys that the command line prints."""
        return {
            "store_version": self.store_version,
            "filters": self.filters.as_json() if self.filters else None,
            "searched": self.searched,
            "fdr": self.fdr,
            "smallest_detectable": dataclasses.asdict(self.smallest_detectable),
            "leaks": [leak.as_json() for leak in self.leaks],
            "gaps": [gap.as_json() for gap in self.gaps],
            "too_small": self.too_small,
        }
