-- one row per month with accepted sessions, or with a session that was put together anew, oldest first
with days as (
    select
        session_date,
        count(*) as sessions
    from read_parquet($staged, hive_partitioning = false)
    where reject_reason is null
    group by session_date
    union all
    select
        stored_date,
        count(*)
    from changed_sessions
    where stored_date is not null
    group by stored_date
)

select
    strftime(session_date, '%Y-%m') as month,
    cast(cast(date_trunc('month', session_date) as date) as varchar) as first_day,
    sum(sessions)::bigint as sessions
from days
group by all
order by month
