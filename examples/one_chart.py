"""One chart with its controls as an app of your own.

SILENT_LEAK_STORE=my-store panel serve examples/one_chart.py
"""

import os

import panel as pn

from dashboard import Controls, Selection, Trend

store = os.environ.get("SILENT_LEAK_STORE", "my-store")
selection = Selection()

pn.Row(
    Controls(selection, store, dimensions=("country", "device_category")),
    Trend(store, selection=selection),
).servable(title="Conversion over time")
