"""What happens in each visit: where it comes from, how far it goes, whether it buys, and which orders leaks take away."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingest.sample_draws import GOLDEN, Keys, normal, stream, uniform
from ingest.sample_visits import SECOND_HALF, Calendar, Visits
from ingest.sample_world import BROWSER, CHANNELS, DEVICES, NORTH_AMERICA, World

UTC_OFFSET_HOURS = -7
MISFILED_SOURCE = ("m.facebook.com", "referral")
NO_PAGES = 0.0003

LANDED, VIEWED_ITEM, ADDED_TO_CART, BEGAN_CHECKOUT, LOST_AT_PAYMENT, ORDERED, ORDERED_TWICE = range(7)
"""How deep a session went, in order; LOST_AT_PAYMENT is an order that a planted leak took away."""

INTERCEPT = -3.46
DEVICE_EFFECTS = np.array([0.0, -0.55, -0.3])
RETURNING_EFFECT = 0.85
DEVICE_ENGAGEMENT = np.array([0.95, 1.12, 1.05])
ORDER_MEDIAN, ORDER_SPREAD, ORDER_LIMIT = 45.0, 1.45, 20_000.0
HOURS = np.cumsum([0, 2.2, 1.8, 1.6, 1.5, 1.7, 2.4, 3.4, 4.4, 5.2, 5.7, 5.9, 6.0, 5.9, 5.8, 5.7, 5.5, 5.2, 4.9, 4.8, 4.9,
                   4.8, 4.4, 3.6, 2.9])  # fmt: skip

# one stream of random numbers for each thing that is drawn
(COUNTRY, REGION, DEVICE, TECHNOLOGY, TRAFFIC, LANDING, HOSTNAME, CLOCK, PAGES, EXTRA_HITS, BUYS, TWICE, DEPTH, NONE_SEEN,
 LEAKS) = range(1, 16)  # fmt: skip
DURATION, FIRST_ORDER, SECOND_ORDER, BUYER_PAGES = 30, 32, 34, 36


@dataclass(frozen=True)
class PlantedLeak:
    """Describe a segment, as store values per dimension, whose orders are kept with probability `factor`."""

    name: str
    kind: str
    segment: Mapping[str, str]
    factor: float
    dated: bool = False
    note: str = ""


LEAKS_PLANTED = (
    PlantedLeak(
        "safari_paid_social",
        "leak",
        {"browser": "Safari", "channel_group": "Paid Social"},
        0.35,
        note="each part alone converts normally; together they keep 35 % of their orders, all through",
    ),
    PlantedLeak(
        "returning_mobile_google",
        "leak",
        {"visitor_type": "returning", "device_category": "mobile", "source": "google"},
        0.35,
        note="a combination of three: no two of these values leak by themselves",
    ),
    PlantedLeak(
        "desktop_edge_since_onset",
        "change",
        {"device_category": "desktop", "browser": "Edge"},
        0.30,
        dated=True,
        note="silent: from the onset on 70 % of the orders are gone while the total moves within its noise",
    ),
    PlantedLeak(
        "youtube_gap",
        "gap",
        {"source": "youtube.com"},
        0.50,
        note="a whole source at half of what its peers convert, all through",
    ),
)


@dataclass(frozen=True)
class Sessions:
    """Hold sessions column by column; names are codes into the world's tables, money is in cents."""

    visits: Visits
    key: Keys
    full_visitor_id: Keys
    visit_id: NDArray[np.int64]
    start: NDArray[np.int64]
    country: NDArray[np.int64]
    geo: NDArray[np.int64]
    device: NDArray[np.int64]
    technology: NDArray[np.int64]
    traffic: NDArray[np.int64]
    landing: NDArray[np.int64]
    hostname: NDArray[np.int64]
    pageviews: NDArray[np.int64]
    hits: NDArray[np.int64]
    duration: NDArray[np.int64]
    depth: NDArray[np.int64]
    first_order: NDArray[np.int64]
    second_order: NDArray[np.int64]
    leaks: dict[str, dict[str, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.key)

    @property
    def returning(self) -> NDArray[np.bool_]:
        """Say which sessions are not their visitor's first."""
        return self.visits.number > 1

    @property
    def transactions(self) -> NDArray[np.int64]:
        """Return the orders of each session."""
        return np.maximum(self.depth - LOST_AT_PAYMENT, 0)

    @property
    def cents(self) -> NDArray[np.int64]:
        """Return the order value of each session."""
        return self.first_order * (self.depth >= ORDERED) + self.second_order * (self.depth >= ORDERED_TWICE)


class SessionMaker:
    """Turn visits into sessions; each session depends on the seed, its visitor and its place, and on nothing else."""

    def __init__(self, world: World, calendar: Calendar, seed_key: int) -> None:
        """Prepare the tables that leaks and days are looked up in."""
        self.world, self.calendar, self.seed_key = world, calendar, seed_key
        self.direct = world.traffic_code("(direct)", "(none)")
        self.misfiled_source = world.traffic_code(*MISFILED_SOURCE)
        days = np.arange(calendar.days).astype(np.uint64) + np.uint64(seed_key)
        weekend = np.array([calendar.date(day).weekday() >= 5 for day in range(calendar.days)])
        self.day_effect = 0.04 * normal(days, 80) + 0.06 * weekend
        midnight = dt.datetime.combine(calendar.first_day, dt.time(), tzinfo=dt.UTC).timestamp()
        self.midnight = int(midnight) - UTC_OFFSET_HOURS * 3600

    def made(self, visits: Visits) -> Sessions:
        """Return one session for each visit, with the planted leaks counted in `leaks`."""
        world = self.world
        person = stream(visits.visitor + np.uint64(self.seed_key), 1)
        whole = stream(person + visits.number.astype(np.uint64) * np.uint64(GOLDEN), 2)
        key = np.where(visits.half == SECOND_HALF, stream(whole, 3), whole)
        country = world.choose_country.draw(uniform(person, COUNTRY))
        region = world.choose_region.draw(uniform(person, REGION), country)
        device = world.choose_device.draw(uniform(person, DEVICE), world.country_market[country])
        technology = world.choose_technology.draw(
            uniform(person, TECHNOLOGY), device + 3 * (world.country_market[country] != NORTH_AMERICA)
        )
        group = world.country_market[country] * 4 + (device > 0) * 2 + (visits.number > 1)
        traffic = world.choose_traffic.draw(uniform(key, TRAFFIC), group)
        traffic[visits.half == SECOND_HALF] = self.direct
        landing = world.choose_landing.draw(uniform(key, LANDING), world.traffic_channel[traffic])
        buys, twice, removed, leaks, orders = self._orders(visits, key, country, device, technology, traffic, landing)
        pageviews = self._pageviews(key, traffic, device, visits.number > 1, buys)
        depth = self._depth(key, pageviews, buys, twice, removed)
        hits = self._hits(key, pageviews, depth)
        visit_id, start = self._clock(visits, whole)
        misfiled = (visits.day == self.calendar.misfiled) & (traffic == self.misfiled_source)
        return Sessions(
            visits=visits,
            key=key,
            full_visitor_id=stream(person, 70),
            visit_id=visit_id,
            start=start,
            country=country,
            geo=world.country_first_geo[country] + region,
            device=device,
            technology=technology,
            traffic=np.where(misfiled, self.direct, traffic),
            landing=landing,
            hostname=world.choose_hostname.draw(uniform(key, HOSTNAME)),
            pageviews=pageviews,
            hits=hits,
            duration=self._duration(key, pageviews, hits, depth),
            depth=depth,
            first_order=orders[0],
            second_order=orders[1],
            leaks=leaks | {"misfiled": {"sessions": int(misfiled.sum())}},
        )

    def members(
        self, leak: PlantedLeak, visits: Visits, device: NDArray, technology: NDArray, traffic: NDArray
    ) -> NDArray:
        """Say which sessions belong to a planted leak's segment, whatever the day."""
        world, inside = self.world, np.ones(len(visits), dtype=bool)
        for dimension, value in leak.segment.items():
            match dimension:
                case "visitor_type":
                    inside &= (visits.number > 1) == (value == "returning")
                case "device_category":
                    inside &= device == DEVICES.index(value)
                case "browser":
                    inside &= np.array([line[BROWSER] == value for line in world.technology])[technology]
                case "channel_group":
                    inside &= np.array([CHANNELS[line[3]] == value for line in world.traffic])[traffic]
                case "source":
                    inside &= np.array([line[0] == value for line in world.traffic])[traffic]
                case _:
                    raise ValueError(
                        f'leak "{leak.name}" is planted on {dimension}, which the generator cannot look up'
                    )
        return inside

    def _orders(self, visits, key, country, device, technology, traffic, landing):  # noqa: ANN001, ANN202
        """Decide orders from main effects alone, then let each leak take its share of them away."""
        world = self.world
        logit = (
            INTERCEPT
            + world.country_effect[country]
            + DEVICE_EFFECTS[device]
            + world.technology_effect[technology]
            + world.traffic_effect[traffic]
            + world.landing_effect[landing]
            + RETURNING_EFFECT * (visits.number > 1)
            + self.day_effect[visits.day]
        )
        chance = 1 / (1 + np.exp(-logit))
        buys = uniform(key, BUYS) < chance
        twice = uniform(key, TWICE) < 0.03
        orders = [
            np.rint(100 * np.clip(ORDER_MEDIAN * np.exp(ORDER_SPREAD * normal(key, number)), 1.99, ORDER_LIMIT))
            .astype(np.int64) for number in (FIRST_ORDER, SECOND_ORDER)
        ]  # fmt: skip
        value = orders[0] + orders[1] * twice
        removed = np.zeros(len(visits), dtype=bool)
        by_leak, inside_of = [], []
        for number, leak in enumerate(LEAKS_PLANTED):
            inside = self.members(leak, visits, device, technology, traffic)
            if leak.dated:
                inside &= visits.day >= self.calendar.onset
            taken = inside & buys & ~removed & (uniform(key, LEAKS + number) >= leak.factor)
            removed |= taken
            by_leak.append(taken)
            inside_of.append(inside)
        expected = np.rint(chance * 1e9).astype(np.int64)
        leaks = {
            leak.name: {
                "sessions": int(inside.sum()),
                "orders_without_leak": int((inside & buys).sum()),
                "orders": int((inside & buys & ~removed).sum()),
                "expected_orders_1e9": int(expected[inside].sum()),
                "lost": int(taken.sum()),
                "lost_cents": int(value[taken].sum()),
            }
            for leak, inside, taken in zip(LEAKS_PLANTED, inside_of, by_leak, strict=True)
        }
        return buys, twice, removed, leaks, orders

    def _pageviews(self, key, traffic, device, returning, buys):  # noqa: ANN001, ANN202
        """Draw pages: 57 % see one, 7 % ten or more; who is about to buy sees at least eight."""
        few_pages = self.world.traffic_engagement[traffic] * DEVICE_ENGAGEMENT[device] * np.where(returning, 0.88, 1.03)
        survival = (1 - uniform(key, PAGES)) ** (1 / few_pages)
        tail = 10 - 8.5 * np.log(np.maximum(survival, 1e-9) / SURVIVAL[-1])
        pages = np.where(survival < SURVIVAL[-1], tail, 1 + np.searchsorted(-SURVIVAL, -survival, side="left"))
        bought = 8 + np.exp(2.58 + 0.65 * normal(key, BUYER_PAGES))
        pages = np.where(buys, bought, pages).astype(np.int64)
        return np.where((uniform(key, NONE_SEEN) < NO_PAGES) & ~buys, 0, np.minimum(pages, 400))

    def _depth(self, key, pageviews, buys, twice, removed):  # noqa: ANN001, ANN202
        luck = uniform(key, DEPTH)
        viewed = (pageviews >= 2) & (luck < 1 - np.exp(-0.35 * (pageviews - 1)))
        carted = viewed & (pageviews >= 4) & (luck < 0.02 * pageviews)
        began = carted & (pageviews >= 6) & (luck < 0.006 * pageviews)
        depth = viewed.astype(np.int64) + carted + began
        depth[buys] = np.where(removed, LOST_AT_PAYMENT, np.where(twice, ORDERED_TWICE, ORDERED))[buys]
        return depth

    def _hits(self, key, pageviews, depth):  # noqa: ANN001, ANN202
        """Draw hits: pages plus events; an item in the cart is an event."""
        luck = uniform(key, EXTRA_HITS)
        events = np.floor(-0.2 * pageviews * np.log1p(-luck)).astype(np.int64)
        events = np.where(pageviews == 1, (luck < 0.006).astype(np.int64), events)
        return pageviews + np.maximum(events, (depth >= ADDED_TO_CART) | (pageviews == 0))

    def _duration(self, key, pageviews, hits, depth):  # noqa: ANN001, ANN202
        """Draw seconds from first to last hit; 0 means not measured."""
        median = np.where(pageviews > 1, 26.0 * np.maximum(pageviews - 1, 1) ** 1.03, 55.0)
        median = median * np.where(depth >= LOST_AT_PAYMENT, 1.25, 1.0)
        spread = 0.55 + 1.7 / np.maximum(pageviews, 1)
        seconds = np.floor(median * np.exp(np.minimum(spread, 1.4) * normal(key, DURATION)))
        return np.where(hits > 1, np.minimum(seconds, 14_400), 0).astype(np.int64)

    def _clock(self, visits: Visits, whole: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return visit ids and starts in epoch seconds; the halves of a split visit share the id of the first."""
        luck = uniform(whole, CLOCK)
        through_day = visits.earliest + luck * (visits.latest - visits.earliest)
        second = np.floor(np.interp(through_day, HOURS / HOURS[-1], np.arange(25)) * 3600).astype(np.int64)
        split = visits.half != 0
        second[split] = (86_399 - np.floor(luck * 1200).astype(np.int64))[split]
        midnight = self.midnight + visits.day * 86_400
        visit_id = midnight + second - 86_400 * (visits.half == SECOND_HALF)
        return visit_id, np.where(visits.half == SECOND_HALF, midnight, visit_id)


SURVIVAL = 1 - np.cumsum([0.566, 0.1290, 0.0785, 0.0485, 0.0355, 0.0222, 0.0195, 0.0139, 0.0120])
"""The share of sessions that see more than 1, 2, ... 9 pages when they do not buy."""
