"""Charts that the page shows as text, and that others draw: in a notebook, a pane or a picture."""

from collections import namedtuple
from typing import Any

import pandas as pd

from dashboard.chart import ChartView


class TextView(ChartView):
    """Keep the rows of the last frame, which text is made of; a subclass says why it is text on the page."""

    def lines(self, frame: pd.DataFrame) -> list[Any]:
        """Return the rows of a frame, each with its columns as attributes."""
        return self.once(_lines, frame)


def _lines(frame: pd.DataFrame) -> list[Any]:
    line = namedtuple("line", frame.columns)
    return [*map(line._make, zip(*(frame[name].tolist() for name in frame), strict=True))]
