"""What travels to the browser when a figure changes."""

import json

import numpy as np
import pytest
from bokeh.core.serialization import Deserializer, Serializer
from bokeh.models import ColumnDataSource

from dashboard.live import patch


@pytest.mark.parametrize(
    "column",
    [
        np.array([]),
        np.array([1.5, np.nan, -0.0, 1e300]),
        np.array([3, 1, 2]),
        np.array(["2026-09-01", "2026-09-02"], dtype="datetime64[ms]"),
        np.array([], dtype="datetime64[ms]"),
        np.array(["2026-09-01"], dtype="datetime64[ns]"),
        np.array(["a", ""], dtype=object),
        ["a", "b"],
        np.arange(12.0)[::3],
    ],
    ids=lambda column: f"{getattr(column, 'dtype', 'list')}-{len(column)}",
)
def test_a_column_reaches_the_browser_as_bokeh_itself_would_send_it(column):
    source = ColumnDataSource({"rate": list(range(len(column)))})
    (event,) = patch([(source, {"data": {"rate": column}})])
    sent = json.loads(json.dumps(event["new"]))["entries"][0][1]
    usual = Serializer(deferred=False).encode(column)
    found, expected = (Deserializer().decode(each) for each in (sent, usual))
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(found, expected)
