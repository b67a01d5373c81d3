-- one row: accepted rows, and the sessions they describe
select
    count(*) as rows,
    count(distinct session_id) as sessions
from read_parquet($staged, hive_partitioning = false)
where reject_reason is null
