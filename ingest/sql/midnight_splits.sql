-- one row: visits that the export counts once on each of several days
select count(*) as visits
from (
    select visitor_id
    from read_parquet($staged, hive_partitioning = false)
    where reject_reason is null and visitor_id is not null and session_start is not null
    group by visitor_id, session_start
    having min(session_date) <> max(session_date)
)
