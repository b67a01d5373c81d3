-- one row: accepted rows, the distinct ones, and the sessions they describe
select
    count(*) as rows,
    count(distinct hash(*columns(* exclude (
        export_id, export_detail, parts, orders, reject_reason, reject_value, reject_row, unknown_country, is_rounded,
        is_order_assumed, is_cut, unread, export_row, export_rows
    )))) as distinct_rows,
    count(distinct session_id) as sessions
from read_parquet($staged, hive_partitioning = false)
where reject_reason is null
