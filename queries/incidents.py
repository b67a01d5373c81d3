"""Incidents: the falls that are set apart day by day, settled as days come in, and closed when the segment recovers."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import xlogy

from queries.baseline import Floats
from queries.slopes import CLEARER, LONGEST, slope_of
from queries.watch_scan import BASE, LARGEST_SHARE, PRIOR, WINDOW, Best, Watched, Windows, best_of, fall, part_of

MOST_A_DAY = 3
SETTLED_EVERY = 7
SAME, KIN = 0.5, 0.3
"""The part of their union that two segments share: from the first they are one incident, from the second a settled
incident may take the name of the other."""
STICKY = 1.0
"""A settled incident keeps its name unless another segment is so much more likely (natural logarithm)."""
WITHIN = 2.0
"""The onsets whose log-likelihood is no more than this below the best one are those that the fall may have."""
BEFORE, AFTER = 10, 14
DOUBT = 1.3
"""Standard errors (of the logarithm of a count) by which a fall may be less deep than it looks."""
CLOSES = 5.0
"""A recovery is believed when it is e^5 times as likely as that the fall goes on."""
SURE = 1e-6


@dataclass(slots=True)
class Incident:
    """Hold one fall: a watched segment (its place), places of days, and the ratios it is taken to convert at.

    `onsets` (days x weights) are those the fall may have begun on; `levels` the (day, ratio) from which on the segment
    is taken at so much less; `recovered` is the first day on which it converts as before, None while it goes on.
    `middle` is of a fall that came as a slope the day on which it would have begun as a step, None of a step.
    """

    segment: int
    onset: int
    found: int
    score: float
    levels: list[tuple[int, float]] = field(default_factory=list)
    onsets: tuple[np.ndarray, Floats] = field(default_factory=lambda: (np.zeros(0, int), np.zeros(0)))
    recovered: int | None = None
    middle: int | None = None

    @property
    def level_day(self) -> int:
        """Return the day before which its level is the usual one: the first that it may have begun on."""
        return int(self.onsets[0][0]) if len(self.onsets[0]) else self.onset

    @property
    def began(self) -> tuple[int, int]:
        """Return the first and the last day it may have begun on; of a slope up to its middle."""
        return int(self.onsets[0][0]), max(int(self.onsets[0][-1]), self.middle or 0)

    @property
    def base(self) -> tuple[int, int]:
        """Return the days (from, before) that say what was usual: those surely before the onset."""
        end = max(WINDOW, self.onset - BEFORE)
        return max(0, end - BASE), end


class Watcher:
    """Hold the watched segments, the threshold and the incidents found so far."""

    def __init__(self, watched: Watched, threshold: float) -> None:
        """Start without an incident."""
        self.watched, self.threshold = watched, threshold
        self.incidents: list[Incident] = []

    def run(self) -> list[Incident]:
        """Watch one day after the other, as it would have been done live, and return all incidents by their onset."""
        last = self.watched.daily.days
        for day in range(WINDOW, last):
            if self.watched.every[day]:
                self.watch(day)
        for incident in self.going_on:
            self.settle(incident, last - 1)
        return sorted(self.incidents, key=lambda incident: (incident.onset, incident.segment))

    @property
    def going_on(self) -> list[Incident]:
        """Return the incidents that have not recovered."""
        return [incident for incident in self.incidents if incident.recovered is None]

    def watch(self, day: int) -> None:
        """Look at one more day: close what recovered, settle what is due, open what fell."""
        for incident in self.going_on:
            if (back := self.recovery(incident, day)) is not None:
                self.close(incident, back)
            elif (day - incident.found) % SETTLED_EVERY == 0 and day > incident.found:
                self.settle(incident, day)
        settled: set[int] = set()
        for _ in range(MOST_A_DAY):
            watched = self.watched
            best = best_of(watched.sums, day, watched.cost, self.threshold)
            if best is None:
                return
            same = self.same(best.segment)
            if same is None:
                self.open(best, day)
            elif id(same) not in settled:
                settled.add(id(same))
                self.settle(same, day)
            else:
                self.deepen(same, best)

    def open(self, best: Best, day: int) -> None:
        """Set a new fall apart."""
        incident = Incident(best.segment, best.onset, day, best.score)
        self.incidents.append(incident)
        self.deepen(incident, best)
        self.settle(incident, day)

    def deepen(self, incident: Incident, best: Best) -> None:
        """Take an incident's segment at a ratio more from a day on."""
        self._level(incident, best.onset, best.ratio)

    def close(self, incident: Incident, day: int) -> None:
        """Take the segment as it was before, from this day on."""
        self.settle(incident, day - 1)
        for first, ratio in incident.levels:
            self.watched.multiply(incident.segment, max(first, day), self.watched.daily.days, 1.0 / ratio)
        incident.recovered = day

    def same(self, segment: int) -> Incident | None:
        """Return the incident going on that shares at least half of its union with a segment."""
        for incident in self.going_on:
            if self.shared(incident.segment)[segment] >= SAME:
                return incident
        return None

    def shared(self, segment: int) -> Floats:
        """Return for each watched segment how much of their union it shares with one, by expected conversions."""
        watched = self.watched
        due = watched.cell_due
        inside = np.zeros(len(due))
        members = watched.members(segment)
        inside[members] = due[members]
        both, sizes = watched.matrix @ inside, watched.matrix @ due
        return both / np.maximum(sizes + sizes[segment] - both, 1e-12)

    def settle(self, incident: Incident, day: int) -> None:
        """Name, date and measure an incident again with all days up to one, the others staying as they are."""
        self._undo(incident)
        base = incident.base
        first, before = base[1], min(day, incident.onset + AFTER) + 1
        windows = Windows.every_onset(self.watched.sums, slice(first, before), day)
        falls = windows.falls()
        scores = falls.max(axis=1) - self.watched.cost
        scores[self.shared(incident.segment) < KIN] = -np.inf
        scores[incident.segment] += STICKY
        segment = int(np.argmax(scores))
        gains = self.gains(segment, base[0], first, before, day)
        onset = int(np.argmax(gains))
        near = np.nonzero(gains >= gains[onset] - WITHIN)[0]
        incident.segment, incident.onset, incident.middle = segment, first + onset, None
        incident.score = float(falls[segment, onset] - self.watched.cost[segment])
        incident.onsets = first + near, np.exp(gains[near] - gains[onset])
        if not self.lean(incident, day):
            self._level(incident, incident.onset, float(windows.ratios()[segment, onset]))

    def lean(self, incident: Incident, day: int) -> bool:
        """Take an incident as a slope and say so, if one is clearly more likely than a step."""
        watched, segment = self.watched, incident.segment
        first = max(WINDOW, incident.onset - LONGEST)
        had, due, share = watched.had[segment], watched.due[segment], self.share(segment, day)
        slope, clearer = slope_of(had, due, first, incident.onset, day, PRIOR)
        if clearer / (1.0 - share) < CLEARER:
            return False
        gains = slope.gains / (1.0 - share)
        near = np.nonzero(gains >= gains.max() - WITHIN)[0]
        incident.middle, incident.onset = incident.onset, slope.levels[0][0]
        incident.onsets = slope.days[near], np.exp(gains[near] - gains.max())
        before = 1.0
        for when, level in slope.levels:
            self._level(incident, when, level / before)
            before = level
        return True

    def share(self, segment: int, day: int) -> float:
        """Return the share of all conversions up to a day that is due in a segment."""
        sums = self.watched.sums
        return min(float(sums.due[segment, day + 1]) / max(float(sums.every[day + 1]), 1.0), LARGEST_SHARE)

    def gains(self, segment: int, start: int, first: int, before: int, day: int) -> Floats:
        """Return the log-likelihood of a fall on each of some days (from `first`), but for a constant.

        Before and after it the segment converts at two ratios to its due, each at its best: what lies between two
        onsets counts to either side (a change point of Poisson counts).
        """
        sums = self.watched.sums
        had, due = sums.had[segment], sums.due[segment]
        places = np.arange(first, before)
        parts = [(had[places] - had[start] + PRIOR, due[places] - due[start] + PRIOR)]
        parts.append((had[day + 1] - had[places], due[day + 1] - due[places]))
        gain = sum(xlogy(held, held / np.maximum(expected, SURE)) for held, expected in parts)
        return gain / (1.0 - self.share(segment, day))

    def recovery(self, incident: Incident, day: int) -> int | None:
        """Return since when the segment converts as before, if that is surely more likely than that the fall goes on.

        The largest sum of daily log-likelihood ratios up to the last day (Page 1954), on days that are themselves not
        below what was usual: where less is lost than before, but still some, the fall goes on. A fall from few
        conversions looks deeper than it is, so the upper end of its ratio is what goes on.
        """
        first = max(incident.onset + 1, day - WINDOW + 1)
        if first > day:
            return None
        had, low, usual, every = (column * self.watched.told for column in self.row(incident))
        doubt = DOUBT / np.sqrt(had[incident.onset : day + 1].sum() + 1.0)
        low, days = np.minimum(low * np.exp(doubt), usual), slice(first, day + 1)
        share, back = (np.clip(due[days] / np.maximum(every[days], SURE), SURE, 1 - SURE) for due in (low, usual))
        rest = every[days] - had[days]
        gains = had[days] * np.log(back / share) + rest * np.log((1 - back) / (1 - share))
        sums = np.cumsum(gains[::-1])[::-1]
        place = int(np.argmax(sums))
        since = slice(first + place, day + 1)
        below = fall(*(np.array(column[since].sum()) for column in (had, usual, every)))
        return first + place if sums[place] >= CLOSES and below <= WITHIN else None

    def row(self, incident: Incident) -> tuple[Floats, Floats, Floats, Floats]:
        """Return by day: conversions of the segment, its due at the fallen ratio and as before, conversions of all."""
        watched, segment = self.watched, incident.segment
        low, whole, every = watched.segment_due[segment], watched.day_due, watched.counted
        level = np.ones(watched.daily.days)
        for start, ratio in incident.levels:
            level[start : incident.recovered] *= ratio
        usual = low / level
        had = watched.had_counted[segment]
        low, usual = part_of(low, whole, every), part_of(usual, whole - low + usual, every)
        own = watched.sums.own[segment, incident.level_day]
        return had, own * low, own * usual, every

    def _level(self, incident: Incident, day: int, ratio: float) -> None:
        incident.levels.append((day, ratio))
        self.watched.multiply(incident.segment, day, self.watched.daily.days, ratio)

    def _undo(self, incident: Incident) -> None:
        for day, ratio in incident.levels:
            self.watched.multiply(incident.segment, day, self.watched.daily.days, 1.0 / ratio)
        incident.levels = []
