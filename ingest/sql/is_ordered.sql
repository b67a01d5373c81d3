-- one row: whether the accepted sessions of some staged files come day by day, file after file
select coalesce(bool_and(session_date >= day_before), true) as is_ordered
from (
    select
        session_date,
        lag(session_date) over () as day_before
    from read_parquet($staged, hive_partitioning = false)
    where reject_reason is null
)
