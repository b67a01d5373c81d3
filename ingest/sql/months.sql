-- one row per month with accepted sessions, oldest first
select
    strftime(session_date, '%Y-%m') as month,
    cast(cast(date_trunc('month', session_date) as date) as varchar) as first_day,
    count(*) as sessions
from read_parquet($staged, hive_partitioning = false)
where reject_reason is null
group by all
order by month
