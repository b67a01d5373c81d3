"""A leak list in words: what was searched, what a row says, and the same rows flat for a spreadsheet."""

from collections.abc import Mapping
from typing import Any

from queries.leak_report import Leak, LeakReport
from queries.revenue import Estimate

WORDS = {
    "leak": "converts worse than its parts predict",
    "gap": "converts below its peers",
    "strong": "converts better than its parts predict",
    "above": "converts above its peers",
}

FIRST_VISITS = "First visits convert less nearly everywhere: this is no fault by itself."


def named(segment: dict[str, str]) -> str:
    """Return a segment in words, such as "mobile & newsletter"."""
    return " & ".join(segment.values())


def sentence(leak: Leak, report: LeakReport) -> str:
    """Return one row as a sentence with its evidence; money a month where the period has 28 days or more."""
    low, high = leak.ratio_interval
    had = "had" if leak.kind in {"leak", "gap"} else "but had"
    evidence = (
        f"{leak.sessions:,} sessions expected {leak.expected:,.1f} {_conversions(report)}, {had} {leak.conversions:,}; "
        f"{leak.ratio:.0%} ({low:.0%} to {high:.0%}) of what was expected"
    )
    return f"{named(leak.segment)} {WORDS[leak.kind]}: {evidence}{_worth(leak.revenue_at_stake, report)}."


MEASURED = "Tested on made-up shops whose leaks are known: 1 to 8 % of the rows were false."
MEASURED_MIRRORED = "Tested on made-up shops with real differences as large: 54 % of the rows were no fault."
"""How often the stated share held (benchmarks/README.md): what the list must say beside it."""


def measured(report: LeakReport) -> str:
    """Return how often the rows of such a list were false; nothing where there is none."""
    if not report.leaks:
        return ""
    return MEASURED_MIRRORED if report.mirrored else MEASURED


def mirror(report: LeakReport) -> str:
    """Return why so many rows may be real differences, where combinations above their parts say that there are such."""
    strong = len(report.strong)
    return (
        f"{strong} combinations convert better than their parts predict, which no fault does" if report.mirrored else ""
    )


def searched(report: LeakReport) -> str:
    """Return what the list has searched and what share of it may be false."""
    if not report.searched:
        return (
            f"No combination of these {report.sessions:,} sessions with {report.conversions:,} {_conversions(report)} "
            f"is large enough to be judged; {report.too_small:,} are too small to say."
        )
    rows = len(report.leaks)
    shown = f"{rows} {'leak' if rows == 1 else 'leaks'}" if rows else "No leak"
    doubt = f", of which at most {report.fdr:.0%} are expected to be false" if rows else ""
    if report.mirrored:
        doubt = f", of which about {report.mirrored} may be real differences and no fault: {mirror(report)}"
    return (
        f"{shown} in {report.searched:,} combinations of {', '.join(report.dimensions)}{doubt}; "
        f"{report.too_small:,} more are too small to say."
    )


def smallest(report: LeakReport) -> str:
    """Return what a leak must at least cost to be found here."""
    least = report.smallest_detectable
    if least.lost_conversions is None or least.typical_ratio is None:
        return f"{report.conversions:,} {_conversions(report)} are too few to find any leak."
    typical = (
        f"in a combination of typical size the rate must fall to {least.typical_ratio:.0%} of what is expected"
        if least.typical_ratio > 0
        else "in a combination of typical size not even a rate of nought would be found"
    )
    return (
        f"A leak of fewer than about {least.lost_conversions:,.0f} lost {_conversions(report)} cannot be found in "
        f"these data; {typical}."
    )


def flat_rows(report: LeakReport) -> list[dict[str, Any]]:
    """Return one flat row per leak, gap, strong segment and value above its peers; data/README.md names the columns.

    `missing_conversions` are all that a row lacks, the recoverable ones and the money what can be won back of them, in
    `in_days` days; money a month is None where these are no month.
    """
    month = report.monthly(1.0)
    nothing = dict.fromkeys(("low", "median", "high"))
    return [
        {
            "kind": row.kind,
            "segment": values_of(row.segment),
            "sessions": row.sessions,
            "conversions": row.conversions,
            "expected": row.expected,
            "ratio": row.ratio,
            "ratio_low": row.ratio_interval[0],
            "ratio_high": row.ratio_interval[1],
            "in_days": report.days,
            **ends_of("missing_conversions", row.missing_conversions.as_json()),
            **ends_of("recoverable_conversions", row.recoverable_conversions.as_json()),
            **ends_of("revenue_at_stake", row.revenue_at_stake.as_json()),
            **ends_of("revenue_at_stake_a_month", row.revenue_at_stake.times(month).as_json() if month else nothing),
            "p": row.p,
            "same_leak_as": len(row.relatives),
        }
        for row in report.rows
    ]


def values_of(segment: Mapping[str, str]) -> str:
    """Return a segment as `--where` takes its values: browser=Safari & source=mail."""
    return " & ".join(f"{name}={value}" for name, value in segment.items())


def ends_of(name: str, estimate: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return an estimate as flat columns: name_low, name_median, name_high."""
    return {f"{name}_{end}": value for end, value in estimate.items()}


def _conversions(report: LeakReport) -> str:
    return f'completions of "{report.step}"' if report.step else "conversions"


def _worth(stake: Estimate, report: LeakReport) -> str:
    if stake.high <= 0:
        return ""
    stake = report.in_period(stake)
    return f"; {stake.low:,.0f} to {stake.high:,.0f} of revenue {report.period}"
