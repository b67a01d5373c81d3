"""What happens in each visit: where it comes from, whether it buys, and how far it goes."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ingest.sample_draws import GOLDEN, Codes, Keys, Mask, normal, stream, uniform
from ingest.sample_leaks import MISFILED_SOURCE, PLANTED, members, thinned
from ingest.sample_places import NORTH_AMERICA
from ingest.sample_visits import SECOND_HALF, Calendar, Visits
from ingest.sample_world import World

UTC_OFFSET_HOURS = -7

LANDED, VIEWED_ITEM, ADDED_TO_CART, BEGAN_CHECKOUT, LOST_AT_PAYMENT, ORDERED, ORDERED_TWICE = range(7)
"""How deep a session went, in order; LOST_AT_PAYMENT is an order that a planted leak took away."""

INTERCEPT, RETURNING_EFFECT, WEEKEND_EFFECT, SEASON_EFFECT = -3.46, 0.85, 0.06, 0.1
DEVICE_EFFECTS = np.array([0.0, -0.55, -0.3])
DEVICE_ENGAGEMENT = np.array([0.95, 1.12, 1.05])
ORDER_MEDIAN, ORDER_SPREAD, SMALLEST_ORDER, ORDER_LIMIT = 45.0, 1.45, 1.99, 20_000.0
SECOND_SHARE = 0.03
SURVIVAL = 1 - np.cumsum([0.570, 0.1390, 0.0830, 0.0520, 0.0355, 0.0222, 0.0195, 0.0139, 0.0120])
"""The share of the sessions without an order that see more than 1, 2, ... 9 pages."""
FEWEST_BUYER_PAGES = 8
NO_PAGES = 0.0003
HOURLY = (2.2, 1.8, 1.6, 1.5, 1.7, 2.4, 3.4, 4.4, 5.2, 5.7, 5.9, 6.0, 5.9, 5.8, 5.7, 5.5,
          5.2, 4.9, 4.8, 4.9, 4.8, 4.4, 3.6, 2.9)  # fmt: skip
HOURS = np.cumsum((0, *HOURLY)) / sum(HOURLY)
"""The share of a day's visits that have begun by each full hour."""

# one stream of random numbers for each thing that is drawn; a normal takes two
COUNTRY, REGION, DEVICE, TECHNOLOGY, TRAFFIC, LANDING, HOSTNAME, CLOCK = range(1, 9)
PAGES, EXTRA_HITS, BUYS, TWICE, DEPTH, NONE_SEEN = range(9, 15)
DURATION, FIRST_ORDER, SECOND_ORDER, BUYER_PAGES = range(30, 38, 2)
VISITOR_ID, DAY_LUCK = 70, 80


@dataclass(frozen=True)
class Arrivals:
    """Hold what is known when visits begin, column by column; names are codes into the world's tables."""

    visits: Visits
    key: Keys
    full_visitor_id: Keys
    visit_id: Codes
    start: Codes
    country: Codes
    geo: Codes
    device: Codes
    technology: Codes
    traffic: Codes
    landing: Codes
    hostname: Codes

    @property
    def returning(self) -> Mask:
        """Say which sessions are not their visitor's first."""
        return self.visits.number > 1


@dataclass(frozen=True)
class Purchases:
    """Hold who set out to buy, whose order a leak took away, and the order values in cents."""

    buys: Mask
    removed: Mask
    twice: Mask
    first_order: Codes
    second_order: Codes
    accounts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Sessions:
    """Hold finished sessions; `filed_traffic` is what the export says, `misfiled` how many sessions it says wrongly."""

    arrivals: Arrivals
    filed_traffic: Codes
    misfiled: int
    pageviews: Codes
    hits: Codes
    duration: Codes
    depth: Codes
    first_order: Codes
    second_order: Codes
    accounts: dict[str, dict[str, int]]

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.pageviews)

    @property
    def transactions(self) -> Codes:
        """Return the orders of each session."""
        return np.maximum(self.depth - LOST_AT_PAYMENT, 0)

    @property
    def cents(self) -> Codes:
        """Return the order value of each session."""
        return self.first_order * (self.depth >= ORDERED) + self.second_order * (self.depth >= ORDERED_TWICE)


class SessionMaker:
    """Turn visits into sessions; each session depends on the seed, its visitor and its place, and on nothing else."""

    def __init__(self, world: World, calendar: Calendar, seed_key: int) -> None:
        """Prepare what depends on the day."""
        self.world, self.calendar, self.seed_key = world, calendar, seed_key
        self.direct = world.traffic_code("(direct)", "(none)")
        self.misfiled_traffic = world.traffic_code(*MISFILED_SOURCE)
        days = np.arange(calendar.days).astype(np.uint64) + np.uint64(seed_key)
        weekend = np.array([calendar.date(day).weekday() >= 5 for day in range(calendar.days)])
        season = np.interp(np.arange(calendar.days) / calendar.days, (0.65, 0.8), (0, SEASON_EFFECT))
        self.day_effect = 0.04 * normal(days, DAY_LUCK) + WEEKEND_EFFECT * weekend + season
        midnight = dt.datetime.combine(calendar.first_day, dt.time(), tzinfo=dt.UTC).timestamp()
        self.midnight = int(midnight) - UTC_OFFSET_HOURS * 3600

    def made(self, visits: Visits) -> Sessions:
        """Return one session for each visit."""
        arrivals = self._arrivals(visits)
        purchases = self._purchases(arrivals)
        pageviews = self._pageviews(arrivals, purchases.buys)
        depth = _depth(arrivals.key, pageviews, purchases)
        hits = _hits(arrivals.key, pageviews, depth)
        misfiled = (visits.day == self.calendar.misfiled) & (arrivals.traffic == self.misfiled_traffic)
        return Sessions(
            arrivals=arrivals,
            filed_traffic=np.where(misfiled, self.direct, arrivals.traffic),
            misfiled=int(misfiled.sum()),
            pageviews=pageviews,
            hits=hits,
            duration=_duration(arrivals.key, pageviews, hits, depth),
            depth=depth,
            first_order=purchases.first_order,
            second_order=purchases.second_order,
            accounts=purchases.accounts,
        )

    def _arrivals(self, visits: Visits) -> Arrivals:
        """Draw the visitor's traits from the visitor's key, and the visit's from the visit's."""
        world = self.world
        person = stream(visits.visitor + np.uint64(self.seed_key), 1)
        whole = stream(person + visits.number.astype(np.uint64) * np.uint64(GOLDEN), 2)
        second_half = visits.half == SECOND_HALF
        key = np.where(second_half, stream(whole, 3), whole)
        country = world.choose_country.draw(uniform(person, COUNTRY))
        market = world.country_market[country]
        device = world.choose_device.draw(uniform(person, DEVICE), market)
        technology = world.choose_technology.draw(uniform(person, TECHNOLOGY), device + 3 * (market != NORTH_AMERICA))
        kind_of_visit = market * 4 + (device > 0) * 2 + (visits.number > 1)
        traffic = world.choose_traffic.draw(uniform(key, TRAFFIC), kind_of_visit)
        traffic[second_half] = self.direct
        visit_id, start = self._clock(visits, whole)
        return Arrivals(
            visits=visits,
            key=key,
            full_visitor_id=stream(person, VISITOR_ID),
            visit_id=visit_id,
            start=start,
            country=country,
            geo=world.country_first_geo[country] + world.choose_region.draw(uniform(person, REGION), country),
            device=device,
            technology=technology,
            traffic=traffic,
            landing=world.choose_landing.draw(uniform(key, LANDING), world.traffic_channel[traffic]),
            hostname=world.choose_hostname.draw(uniform(key, HOSTNAME)),
        )

    def _clock(self, visits: Visits, whole: Keys) -> tuple[Codes, Codes]:
        """Return visit ids and starts in epoch seconds; the halves of a split visit share the id of the first."""
        luck = uniform(whole, CLOCK)
        through_day = visits.earliest + luck * (visits.latest - visits.earliest)
        second = np.floor(np.interp(through_day, HOURS, np.arange(25)) * 3600).astype(np.int64)
        split = visits.half != 0
        second[split] = (86_399 - np.floor(luck * 1200).astype(np.int64))[split]
        midnight = self.midnight + visits.day * 86_400
        visit_id = midnight + second - 86_400 * (visits.half == SECOND_HALF)
        return visit_id, np.where(visits.half == SECOND_HALF, midnight, visit_id)

    def _purchases(self, arrivals: Arrivals) -> Purchases:
        """Decide orders from main effects on the logit alone, then let the leaks take their share."""
        world, visits, key = self.world, arrivals.visits, arrivals.key
        logit = (
            INTERCEPT
            + world.country_effect[arrivals.country]
            + DEVICE_EFFECTS[arrivals.device]
            + world.technology_effect[arrivals.technology]
            + world.traffic_effect[arrivals.traffic]
            + world.landing_effect[arrivals.landing]
            + RETURNING_EFFECT * arrivals.returning
            + self.day_effect[visits.day]
        )
        chance = 1 / (1 + np.exp(-logit))
        buys, twice = uniform(key, BUYS) < chance, uniform(key, TWICE) < SECOND_SHARE
        first_order, second_order = _order_cents(key, FIRST_ORDER), _order_cents(key, SECOND_ORDER)
        inside = {
            leak.name: members(world, leak.segment, arrivals.returning, arrivals.technology, arrivals.traffic)
            & (visits.day >= (self.calendar.onset if leak.dated else 0))
            for leak in PLANTED
        }
        thinning = thinned(key, inside, chance, buys, first_order + second_order * twice)
        return Purchases(buys, thinning.removed, twice, first_order, second_order, thinning.accounts)

    def _pageviews(self, arrivals: Arrivals, buys: Mask) -> Codes:
        """Draw pages: 57 % see one, 7 % ten or more; a visitor about to buy needs at least eight."""
        key = arrivals.key
        hurry = self.world.traffic_engagement[arrivals.traffic] * DEVICE_ENGAGEMENT[arrivals.device]
        hurry = hurry * np.where(arrivals.returning, 0.88, 1.03)
        survival = (1 - uniform(key, PAGES)) ** (1 / hurry)
        tail = 10 - 8.5 * np.log(np.maximum(survival, 1e-9) / SURVIVAL[-1])
        pages = np.where(survival < SURVIVAL[-1], tail, 1 + np.searchsorted(-SURVIVAL, -survival, side="left"))
        buyer_pages = FEWEST_BUYER_PAGES + np.exp(2.58 + 0.65 * normal(key, BUYER_PAGES))
        pages = np.minimum(np.where(buys, buyer_pages, pages), 400).astype(np.int64)
        return np.where((uniform(key, NONE_SEEN) < NO_PAGES) & ~buys, 0, pages)


def _order_cents(key: Keys, number: int) -> Codes:
    """Draw order values in cents: log-normal, cut at both ends."""
    value = ORDER_MEDIAN * np.exp(ORDER_SPREAD * normal(key, number))
    return np.rint(100 * np.clip(value, SMALLEST_ORDER, ORDER_LIMIT)).astype(np.int64)


def expected_order() -> float:
    """Return the expected value of a session's orders: of a log-normal one cut at both ends, and seldom of a second."""
    low, high = (np.log(end / ORDER_MEDIAN) / ORDER_SPREAD for end in (SMALLEST_ORDER, ORDER_LIMIT))
    middle = ORDER_MEDIAN * np.exp(ORDER_SPREAD**2 / 2) * (ndtr(high - ORDER_SPREAD) - ndtr(low - ORDER_SPREAD))
    return float((1 + SECOND_SHARE) * (SMALLEST_ORDER * ndtr(low) + middle + ORDER_LIMIT * ndtr(-high)))


def _depth(key: Keys, pageviews: Codes, purchases: Purchases) -> Codes:
    """Draw how deep sessions went; more pages go deeper, and whoever lost an order got as far as the payment."""
    luck: NDArray[np.float64] = uniform(key, DEPTH)
    viewed = (pageviews >= 2) & (luck < 1 - np.exp(-0.35 * (pageviews - 1)))
    carted = viewed & (pageviews >= 4) & (luck < 0.02 * pageviews)
    began = carted & (pageviews >= 6) & (luck < 0.006 * pageviews)
    ordered = np.where(purchases.twice, ORDERED_TWICE, ORDERED)
    bought = np.where(purchases.removed, LOST_AT_PAYMENT, ordered)
    return np.where(purchases.buys, bought, LANDED + viewed.astype(np.int64) + carted + began)


def _hits(key: Keys, pageviews: Codes, depth: Codes) -> Codes:
    """Draw hits: pages plus events; an item put in the cart is an event."""
    luck = uniform(key, EXTRA_HITS)
    events = np.floor(-0.2 * pageviews * np.log1p(-luck)).astype(np.int64)
    events = np.where(pageviews == 1, luck < 0.006, events)
    return pageviews + np.maximum(events, (depth >= ADDED_TO_CART) | (pageviews == 0))


def _duration(key: Keys, pageviews: Codes, hits: Codes, depth: Codes) -> Codes:
    """Draw seconds from first to last hit; 0 means not measured."""
    median = np.where(pageviews > 1, 26.0 * np.maximum(pageviews - 1, 1) ** 1.03, 55.0)
    median = median * np.where(depth >= LOST_AT_PAYMENT, 1.25, 1.0)
    spread = np.minimum(0.55 + 1.7 / np.maximum(pageviews, 1), 1.4)
    seconds = np.floor(median * np.exp(spread * normal(key, DURATION)))
    return np.where(hits > 1, np.minimum(seconds, 14_400), 0).astype(np.int64)
