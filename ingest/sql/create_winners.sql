-- one row per session of one month: the staged row that is to be published
-- the shape with most detail wins, then the later row; of identical rows the first
create or replace temp table winners as
with rows as (
    select
        session_date,
        session_id,
        hash(*columns(* exclude (
            export_id, export_detail, parts, orders, reject_reason, reject_value, reject_row, unknown_country, is_rounded,
            is_order_assumed, is_cut, unread, export_row, export_rows, filename, file_row_number
        ))) as content_hash,
        export_detail,
        cast(regexp_extract(filename, '(\d+)\.parquet$', 1) as integer) as file_no,
        file_row_number as row_no
    from read_parquet($staged, filename = true, file_row_number = true, hive_partitioning = false)
    where reject_reason is null
        and session_date >= cast($first_day as date)
        and session_date < cast($first_day as date) + interval 1 month
        and (file_no >= $first_merged or session_id not in (select session_id from merged_sessions))
),

distinct_rows as (
    select
        session_date,
        session_id,
        content_hash,
        export_detail,
        min({'file_no': file_no, 'row_no': row_no}) as first_seen,
        max({'file_no': file_no, 'row_no': row_no}) as last_seen
    from rows
    group by all
)

select
    session_date,
    session_id,
    max(export_detail) as export_detail,
    arg_max(content_hash, {'detail': export_detail, 'seen': last_seen}) as content_hash,
    arg_max(first_seen.file_no, {'detail': export_detail, 'seen': last_seen}) as file_no,
    arg_max(first_seen.row_no, {'detail': export_detail, 'seen': last_seen}) as row_no
from distinct_rows
group by all
