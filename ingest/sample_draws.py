"""Random numbers without state: each is a hash of what it is for, so the order and size of chunks cannot change it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Keys = NDArray[np.uint64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


def mixed(keys: Keys) -> Keys:
    """Scramble 64-bit keys one to one (the finaliser of SplitMix64, Steele et al. 2014); changes its argument."""
    keys ^= keys >> np.uint64(30)
    keys *= np.uint64(0xBF58476D1CE4E5B9)
    keys ^= keys >> np.uint64(27)
    keys *= np.uint64(0x94D049BB133111EB)
    keys ^= keys >> np.uint64(31)
    return keys


def stream(keys: Keys, number: int) -> Keys:
    """Return the numbered 64-bit value that belongs to each key."""
    return mixed(keys + np.uint64(number * GOLDEN & _WORD))


def uniform(keys: Keys, number: int) -> NDArray[np.float64]:
    """Return the numbered uniform value in [0, 1) that belongs to each key."""
    return (stream(keys, number) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(keys: Keys, number: int) -> NDArray[np.float64]:
    """Return the numbered standard normal value of each key (Box and Muller 1958); uses `number` and the next."""
    radius = np.sqrt(-2 * np.log1p(-uniform(keys, number)))
    return radius * np.cos(2 * np.pi * uniform(keys, number + 1))


def fixed_uniform(count: int, number: int) -> NDArray[np.float64]:
    """Return uniform constants that no seed changes."""
    return uniform(np.arange(count, dtype=np.uint64) * np.uint64(0x632BE59BD9B4E019), number)


@dataclass(frozen=True)
class Choice:
    """Choose one of `width` weighted options, with weights that depend on a group."""

    ends: NDArray[np.float64]
    width: int

    @classmethod
    def of(cls, weights: ArrayLike) -> Self:
        """Build from one row of weights per group."""
        table = np.asarray(weights, dtype=float)
        shares = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
        last = (table > 0).cumsum(axis=1).argmax(axis=1)
        for group, position in enumerate(last):
            shares[group, position:] = 1.0
        return cls((shares + np.arange(len(table))[:, None]).ravel(), table.shape[1])

    def draw(self, values: NDArray[np.float64], group: Codes | int = 0) -> Codes:
        """Return the option at each uniform value, in its group."""
        return np.searchsorted(self.ends, np.minimum(values, 1 - 1e-12) + group, side="right") - group * self.width
