"""Two charts that follow each other in a page of a FastAPI app.

SILENT_LEAK_STORE=my-store uvicorn fastapi_app:app --app-dir examples
"""

import os

import panel as pn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from panel.io.fastapi import add_application

from dashboard import Durations, Selection, Trend

STORE = os.environ.get("SILENT_LEAK_STORE", "my-store")
PAGE = """<!doctype html><title>Our shop</title><link rel="icon" href="data:,"><h1>Our shop this month</h1>
<iframe src="/charts" title="Conversion" width="100%" height="900" style="border:0"></iframe>"""

app = FastAPI()


@app.get("/")
def home() -> HTMLResponse:
    """Return a page of the host, with the charts in a frame."""
    return HTMLResponse(PAGE)


@add_application("/charts", app=app, title="Conversion")
def charts() -> pn.Column:
    """Return the charts of one viewer: a click in one filters both."""
    selection = Selection()
    return pn.Column(Trend(STORE, selection=selection), Durations(STORE, selection=selection))
