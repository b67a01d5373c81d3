-- one row: revenue and orders of the sessions in the store
select
    coalesce(sum(transactions), 0)::bigint as transactions,
    coalesce(sum(revenue), 0)::double as revenue
from read_parquet($stored, hive_partitioning = false)
where transactions > 0 and revenue > 0
