"""The cards of the page: one module a chart; `registry.py` has the visible tuple that puts them in order."""
