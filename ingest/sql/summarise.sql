-- one row: what a staged file holds
select
    count(*) as rows,
    count(*) filter (reject_reason is null) as accepted,
    cast(min(session_date) filter (reject_reason is null) as varchar) as first_date,
    cast(max(session_date) filter (reject_reason is null) as varchar) as last_date,
    count(*) filter (reject_reason is null and transactions > 0) as converted,
    coalesce(sum(transactions) filter (reject_reason is null), 0)::bigint as transactions,
    cast(coalesce(sum(revenue) filter (reject_reason is null), 0) as decimal(38, 6))::varchar as revenue,
    count(*) filter (is_rounded) as rounded,
    count(*) filter (is_order_assumed and reject_reason is null) as assumed,
    count(*) filter (is_cut and reject_reason is null) as cut,
    count(*) filter (reject_reason is null and revenue > 0 and transactions = 0) as revenue_alone,
    count(*) filter (reject_reason is null and revenue = 0 and transactions > 0) as transactions_alone,
    count(*) filter (reject_reason is null and unread is not null) as unread,
    any_value(unread) as unread_column
from read_parquet($staged, hive_partitioning = false)
