-- one row: whether the accepted sessions of one month come day by day, file after file, and none has parts:
-- rows as wide as that are kept in order at the cost of memory that cannot be spilled, while a sort spills
select coalesce(bool_and(session_date >= day_before and is_slim), true) as is_ordered
from (
    select
        session_date,
        parts is null as is_slim,
        lag(session_date) over () as day_before
    from read_parquet($staged, hive_partitioning = false)
    where reject_reason is null
        and session_date >= cast($first_day as date)
        and session_date < cast($first_day as date) + interval 1 month
)
