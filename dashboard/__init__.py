"""The page: selections in, charts of judged counts out; no SQL and no ingest here."""
