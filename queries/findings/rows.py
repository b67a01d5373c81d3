"""The register as flat rows for a spreadsheet: findings, standing differences, and what buys above average."""

from collections.abc import Iterable, Mapping
from typing import Any

from queries.findings.finding import Difference, Finding, Register
from queries.leak_words import ends_of, values_of

NOTHING = dict.fromkeys(("low", "median", "high"))


def finding_rows(register: Register) -> list[dict[str, Any]]:
    """Return one flat row a finding, then one a standing difference and one a value above; data/README.md says how."""
    findings = [finding_row(one) for one in register.findings]
    return [*findings, *difference_rows((*register.standing, *register.above))]


def difference_rows(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """Return one flat row a difference, with the columns of a finding."""
    return [{**EMPTY, **_flat_difference(each)} for each in differences]


def finding_row(one: Finding) -> dict[str, Any]:
    """Return one finding as a flat row."""
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "state": one.state,
        "certainty": one.certainty,
        "segment": values_of(dict(one.segment)),
        "step": one.step,
        "since": one.since,
        "onset": one.onset,
        "onset_first": one.onset_range[0] if one.onset_range else None,
        "onset_last": one.onset_range[1] if one.onset_range else None,
        "recovered": one.recovered,
        "sessions": one.counts.sessions,
        "orders": one.counts.orders,
        "expected": one.expected,
        "ratio": one.ratio,
        "ratio_low": one.ratio_interval[0],
        "ratio_high": one.ratio_interval[1],
        **ends_of("missing_orders", one.missing.as_json()),
        **ends_of("price", one.price.as_json() if one.price else NOTHING),
        "basis": one.basis,
        "period": one.period,
        "counted": one.is_counted,
        "chance": one.chance,
        "tracking": "; ".join(one.tracking),
        "seen": len(one.seen),
        "same_as": "",
    }


def _flat_difference(each: Difference) -> Mapping[str, Any]:
    return {
        "kind": "above" if each.above else "standing",
        "name": each.name,
        "segment": values_of(dict(each.segment)),
        "sessions": each.counts.sessions,
        "orders": each.counts.orders,
        "expected": each.expected,
        "ratio": each.ratio,
        "ratio_low": each.ratio_interval[0],
        "ratio_high": each.ratio_interval[1],
        **ends_of("missing_orders", each.orders_a_month.as_json()),
        "period": each.period,
        "same_as": each.same_as,
    }


EMPTY: dict[str, Any] = dict.fromkeys((
    "id", "kind", "name", "state", "certainty", "segment", "step", "since", "onset", "onset_first", "onset_last",
    "recovered", "sessions", "orders", "expected", "ratio", "ratio_low", "ratio_high", "missing_orders_low",
    "missing_orders_median", "missing_orders_high", "price_low", "price_median", "price_high", "basis", "period",
    "counted", "chance", "tracking", "seen", "same_as",
))  # fmt: skip
"""The columns of a row, in order."""
