-- one row per session of the export, and one per rejected event, with its row in the file
copy (
    select * from read_parquet($sessions, hive_partitioning = false)
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
