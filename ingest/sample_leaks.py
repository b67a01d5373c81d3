"""The leaks that are planted into the sample, and the exact account of the orders that each of them takes away."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.sample_draws import Codes, Keys, Mask, uniform
from ingest.sample_world import BROWSER, CHANNEL, CHANNELS, DEVICES, SOURCE, World

MISFILED_SOURCE = ("m.facebook.com", "referral")
THINNING_STREAM = 200


@dataclass(frozen=True)
class PlantedLeak:
    """Describe a segment, as the store's values by dimension, whose orders are kept with probability `factor`."""

    name: str
    kind: str
    segment: Mapping[str, str]
    factor: float
    dated: bool
    note: str


PLANTED = (
    PlantedLeak(
        "safari_paid_social",
        "leak",
        {"browser": "Safari", "channel_group": "Paid Social"},
        0.35,
        False,
        "each value alone converts normally; together they keep 35 % of their orders, throughout",
    ),
    PlantedLeak(
        "returning_mobile_google",
        "leak",
        {"visitor_type": "returning", "device_category": "mobile", "source": "google"},
        0.35,
        False,
        "a combination of three values; no two of them leak by themselves",
    ),
    PlantedLeak(
        "desktop_edge_since_onset",
        "change",
        {"device_category": "desktop", "browser": "Edge"},
        0.30,
        True,
        "silent: from the onset on 70 % of the orders are gone, while an autumn rise keeps the total flat",
    ),
    PlantedLeak(
        "youtube_gap",
        "gap",
        {"source": "youtube.com"},
        0.50,
        False,
        "a whole source at half of what its peers convert, throughout",
    ),
)


@dataclass(frozen=True)
class Thinning:
    """Hold which orders the leaks removed, and the integer account of each leak by name.

    An order that two leaks would remove counts as lost to the first of them in PLANTED.
    """

    removed: Mask
    accounts: dict[str, dict[str, int]]


def members(world: World, segment: Mapping[str, str], returning: Mask, technology: Codes, traffic: Codes) -> Mask:
    """Say which sessions have all the values of a segment.

    Raises ValueError for a dimension that the generator cannot look up.
    """
    inside = np.ones(len(returning), dtype=bool)
    for dimension, value in segment.items():
        match dimension:
            case "visitor_type":
                inside &= returning == (value == "returning")
            case "device_category":
                inside &= np.array([DEVICES[line[0]] == value for line in world.technology])[technology]
            case "browser":
                inside &= np.array([line[BROWSER] == value for line in world.technology])[technology]
            case "channel_group":
                inside &= np.array([CHANNELS[line[CHANNEL]] == value for line in world.traffic])[traffic]
            case "source":
                inside &= np.array([line[SOURCE] == value for line in world.traffic])[traffic]
            case _:
                raise ValueError(f"a leak cannot be planted on {dimension}: the generator has no look-up for it")
    return inside


def thinned(
    key: Keys,
    inside: Mapping[str, Mask],
    chance: NDArray[np.float64],
    buys: Mask,
    cents: Codes,
) -> Thinning:
    """Take orders away: `inside` says which sessions each leak may take from; the base process is left as it was."""
    removed = np.zeros(len(key), dtype=bool)
    lost: dict[str, Mask] = {}
    for number, leak in enumerate(PLANTED):
        taken = buys & inside[leak.name] & ~removed & (uniform(key, THINNING_STREAM + number) >= leak.factor)
        removed |= taken
        lost[leak.name] = taken
    expected = np.rint(chance * 1e9).astype(np.int64)
    accounts = {
        name: {
            "sessions": int(mask.sum()),
            "orders_without_leak": int((mask & buys).sum()),
            "orders": int((mask & buys & ~removed).sum()),
            "expected_orders_1e9": int(expected[mask].sum()),
            "lost": int(lost[name].sum()),
            "lost_cents": int(cents[lost[name]].sum()),
        }
        for name, mask in inside.items()
    }
    return Thinning(removed, accounts)
