"""One finding, one name, one price, one date: the register that all engines feed.

`ask_findings` (register.py) asks every engine about all sessions of a store and merges what they say into one ranked
list of `Finding`. The register follows no days, no filters and no comparison. Names are made in names.py, steps in
steps.py, the same cause is recognised in causes.py, and what people said about a finding is kept by book.py.
"""
