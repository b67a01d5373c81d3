-- one row per dimension: the share of accepted sessions where it is not set
unpivot (
    select avg(cast(columns($dimensions) = '(not set)' as integer))
    from read_parquet($staged, hive_partitioning = false)
    where reject_reason is null
)
on columns(*)
into name dimension value share
