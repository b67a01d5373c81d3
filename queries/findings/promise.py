"""The promise of a year: at most one of ten shops in which nothing leaks is told a false finding in 365 nights.

Each kind has its share of that tenth. What is told must be rarer than its share, all nights of a year together; what
was told already stays while the search shows it at all.
"""

from scipy.stats import norm

from queries.findings.finding import Finding, Kind
from queries.watch_report import YEAR

FALSE_A_YEAR = 0.10
SHARES: dict[Kind, float] = {"fell": 0.05, "more visits": 0.05, "combination": 0.03, "moved": 0.02}
"""More visits are found by the search for falls, so both have the one share."""
LOOKS_TOO_EARLY = 15
"""What moved is a finding of its own only on the 14th to the 28th day of a store."""


def keeps_promise(one: Finding) -> bool:
    """Say whether a finding that was never told may be."""
    return one.chance < SHARES[one.kind]


def combination_in_a_year(false_share: float, p: float, days: int) -> float:
    """Return the chance that so clear a combination shows on any of 365 nights, of its false share in one look.

    Sessions add up, so that a standardised sum walks with the logarithm of the days: it passes z on p z^2 / 2 of as
    many (Pickands 1969, an Ornstein-Uhlenbeck process). A night is 1 / days of them, and the first look counts too.
    """
    z = max(float(norm.isf(max(p, 1e-300))), 0.0)
    return min(1.0, false_share * (1.0 + z**2 / 2.0 * YEAR / max(days, 1)))


def moved_in_a_year(false_share: float) -> float:
    """Return the chance that so clear a move shows on any of the nights on which moves are findings."""
    return min(1.0, false_share * LOOKS_TOO_EARLY)


def words() -> str:
    """Return the promise as a sentence."""
    return f"Of shops where nothing leaks, at most one in {1 / FALSE_A_YEAR:.0f} sees a false finding in 365 nights."
