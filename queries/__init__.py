"""Everything that is true about the numbers: vocabulary, store, filters, funnel, metrics, engine, statistics."""
