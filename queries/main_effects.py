"""What main effects expect of cells, fitted once for all who look at the same cells."""

from weakref import WeakKeyDictionary

from threadpoolctl import threadpool_limits

from queries.baseline import Design, Floats, fit_baseline
from queries.cells import Cells

_RATES: WeakKeyDictionary[Cells, Floats] = WeakKeyDictionary()


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are small: threads only wait for each other
def main_effect_rates(cells: Cells) -> Floats:
    """Return the rate of each cell by main effects alone; nobody may change it."""
    if cells not in _RATES:
        design = Design.of(cells.codes, cells.sizes)
        _RATES[cells] = fit_baseline(design, cells.sessions, cells.conversions).rate
    return _RATES[cells]
