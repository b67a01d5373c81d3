-- one row per day: how many events a staged file holds that were not rejected, oldest day first
select
    cast(day as varchar) as day,
    count(*) as events
from read_parquet($events, hive_partitioning = false)
where reject_reason is null
group by day
order by day
