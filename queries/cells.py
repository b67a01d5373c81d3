"""The cell table: one row per combination of values, with its sessions, conversions and revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

OTHER = "(other)"
MONEY_PLACES = 6
"""Of revenue in the store; sums are rounded to as many, so that the order of the rows does not show in them."""
CUTS = (0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Cells:
    """Hold one aggregate per combination of dimension values.

    `codes` (cells x dimensions) index `labels`; `sessions` reached the step, `conversions` of them the next one;
    `revenue` is theirs; `orders` is a sample of order values; `onward` is the share of the conversions that end in an
    order (1 when the conversion is the order). Each combination occurs once.
    """

    dimensions: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int32]
    sessions: NDArray[np.float64]
    conversions: NDArray[np.float64]
    revenue: NDArray[np.float64]
    orders: NDArray[np.float64]
    onward: float = 1.0

    @classmethod
    def of(
        cls,
        dimensions: Sequence[str],
        values: Sequence[ArrayLike],
        sessions: ArrayLike,
        conversions: ArrayLike,
        revenue: ArrayLike | None = None,
        orders: ArrayLike = (),
        onward: float = 1.0,
    ) -> Self:
        """Build cells from rows, raw (sessions of 1) or aggregated: equal combinations are added up.

        `values` are one sequence of texts per dimension. Raises ValueError when a row has more conversions than
        sessions, a negative count, or the lengths differ.
        """
        labels, columns = [], []
        for column in values:
            found, places = np.unique(np.asarray(column, dtype=str), return_inverse=True)
            labels.append(tuple(str(value) for value in found))
            columns.append(places)
        return cls.of_codes(dimensions, labels, np.column_stack(columns), sessions, conversions, revenue, orders,
                            onward)  # fmt: skip

    @classmethod
    def of_codes(
        cls,
        dimensions: Sequence[str],
        labels: Sequence[Sequence[str]],
        codes: ArrayLike,
        sessions: ArrayLike,
        conversions: ArrayLike,
        revenue: ArrayLike | None = None,
        orders: ArrayLike = (),
        onward: float = 1.0,
    ) -> Self:
        """Build cells from rows of integer codes; equal combinations are added up."""
        coded = np.asarray(codes)
        counted = [np.asarray(sessions, dtype=float), np.asarray(conversions, dtype=float)]
        counted.append(np.zeros(len(coded)) if revenue is None else np.asarray(revenue, dtype=float))
        if any(len(column) != len(coded) for column in counted):
            raise ValueError("cells need one number of sessions, conversions and revenue for each row")
        if len(coded) and ((counted[1] > counted[0]).any() or (counted[1] < 0).any()):
            row = int(np.argmax((counted[1] > counted[0]) | (counted[1] < 0)))
            raise ValueError(
                f"row {row} has {counted[1][row]:g} conversions in {counted[0][row]:g} sessions: "
                "conversions are converted sessions, between 0 and the sessions"
            )
        sizes = tuple(len(names) for names in labels)
        keys = np.ravel_multi_index(tuple(coded.T), sizes) if len(coded) else np.zeros(0, dtype=np.intp)
        unique, places = np.unique(keys, return_inverse=True)
        together = np.column_stack(np.unravel_index(unique, sizes)).astype(np.int32)
        sums = [np.bincount(places, column, minlength=len(unique)).astype(float) for column in counted]
        sums[2] = sums[2].round(MONEY_PLACES)
        return cls(tuple(dimensions), tuple(tuple(names) for names in labels), together, *sums,
                   np.asarray(orders, dtype=float), onward)  # fmt: skip

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of values of each dimension."""
        return tuple(len(names) for names in self.labels)

    @property
    def varied(self) -> tuple[str, ...]:
        """Return the dimensions that tell sessions apart: those of more than one value."""
        return tuple(name for place, name in enumerate(self.dimensions) if len(np.unique(self.codes[:, place])) > 1)

    @property
    def others(self) -> tuple[int | None, ...]:
        """Return the code of "(other)" in each dimension, None where it has none."""
        return tuple(names.index(OTHER) if OTHER in names else None for names in self.labels)

    def coarsened(self, most: int, other: str = OTHER) -> Self:
        """Return cells with the rarest values of each dimension put under `other`, until there are at most so many.

        The share of the sessions below which a value is put there rises step by step: a value that rare hardly holds
        a combination that is large enough to be judged.
        """
        coarse = self
        for share in CUTS:
            if len(coarse.codes) <= most:
                break
            coarse = coarse._cut(share, other)
        return coarse

    def _cut(self, share: float, other: str) -> Self:
        labels, columns = [], []
        for place, names in enumerate(self.labels):
            held = np.bincount(self.codes[:, place], self.sessions, minlength=len(names))
            kept = [code for code, name in enumerate(names) if held[code] >= share * held.sum() and name != other]
            lookup = np.full(len(names), len(kept))
            lookup[kept] = np.arange(len(kept))
            labels.append([*(names[code] for code in kept), other])
            columns.append(lookup[self.codes[:, place]])
        return self.of_codes(
            self.dimensions, labels, np.column_stack(columns), self.sessions, self.conversions, self.revenue,
            self.orders, self.onward,
        )  # fmt: skip
