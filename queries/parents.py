"""What real interactions of two values do to the combinations of three that hold them."""

import numpy as np

from queries.baseline import Floats
from queries.scan import Candidates, Scan

SMALLEST_PARENTAL = 0.01


def parental_ratios(candidates: Candidates, looked: Scan, dispersion: float) -> Floats:
    """Return by how much the parents of each segment, apart from the segment itself, run above expectation.

    Real interactions of two values reach into every combination of three that holds them. The effect of a parent is
    the residual of its other cells in a fit without the segment, shrunk by k = 1 / tau^2; the main effects have
    carried the share `absorbed` of it to the segment already. Products of gradients with H^-1 give both exactly.
    """
    ratios = np.ones(len(candidates))
    if dispersion < SMALLEST_PARENTAL or looked.cross is None:
        return ratios
    prior = dispersion**-2
    information, lost = looked.variance, looked.fitted - candidates.conversions
    for parent, cross in zip(candidates.parents.T, looked.cross.T, strict=True):
        rows = np.nonzero((parent >= 0) & looked.testable)[0]
        above, free = parent[rows], information[rows] * (1.0 - looked.leverage[rows])
        own = looked.leverage[rows] * information[rows]
        absorbed = (cross[rows] - own) / free
        residual = lost[rows] * (1.0 - absorbed) - lost[above]
        others = looked.leverage[above] * information[above] - 2 * cross[rows] + own + absorbed**2 * free
        rest = np.maximum(information[above] - information[rows] - others, 0.0)
        ratios[rows] *= np.exp(np.clip(residual / (rest + prior) * (1.0 - absorbed), -2.0, 2.0))
    return ratios
