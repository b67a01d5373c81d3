-- one row per session of the export, as ingest/sql/stage.sql writes them, and one per rejected event, with its row in the file
copy (
    select
        * exclude (is_rounded, unknown_country),
        cast(null as varchar) as reject_reason,
        cast(null as varchar) as reject_value,
        cast(null as varchar) as reject_row,
        unknown_country,
        coalesce(is_rounded, false) as is_rounded,
        false as is_order_assumed,
        false as is_cut,
        cast(null as varchar) as unread,
        cast(null as bigint) as export_row,
        cast(null as bigint) as export_rows
    from assembled
    union all by name
    select
        day as session_date,
        reject_reason,
        reject_value,
        reject_row,
        false as is_rounded,
        false as is_order_assumed,
        false as is_cut,
        file_row_number + 1 as export_row
    from read_parquet($events, file_row_number = true, hive_partitioning = false)
    where reject_reason is not null
) to $target (format parquet, compression lz4)
