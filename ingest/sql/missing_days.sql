-- one row per day inside the file's range without any accepted session
with days as (
    select distinct session_date from read_parquet($staged, hive_partitioning = false) where reject_reason is null
),

calendar as (
    select cast(unnest(generate_series(min(session_date), max(session_date), interval 1 day)) as date) as session_date
    from days
)

select cast(session_date as varchar) as session_date
from calendar
anti join days using (session_date)
order by session_date
