"""What main effects expect of cells, fitted once for all who look at the same cells."""

from weakref import WeakKeyDictionary

from queries.baseline import Design, Floats, fit_baseline
from queries.cells import Cells

_RATES: WeakKeyDictionary[Cells, Floats] = WeakKeyDictionary()


def main_effect_rates(cells: Cells) -> Floats:
    """Return the rate of each cell by main effects alone; nobody may change it."""
    if cells not in _RATES:
        design = Design.of(cells.codes, cells.sizes)
        _RATES[cells] = fit_baseline(design, cells.sessions, cells.conversions).rate
    return _RATES[cells]
