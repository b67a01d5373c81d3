-- one row: the events of the sessions that a staged file holds, each counted once, and these sessions
select
    coalesce(sum(events), 0)::bigint as events,
    count(*) as sessions
from read_parquet($staged, hive_partitioning = false)
where reject_reason is null
