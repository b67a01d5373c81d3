-- one row per day with orders: revenue and orders of the accepted sessions
select
    cast(session_date as varchar) as day,
    sum(transactions)::bigint as transactions,
    sum(revenue)::double as revenue
from read_parquet($staged, hive_partitioning = false)
where reject_reason is null and transactions > 0 and revenue > 0
group by all
order by day
