-- the sessions of a month that the store does not have yet and no file holds twice, by date as the files are
copy (
    select * exclude (
        reject_reason, reject_value, reject_row, unknown_country, is_rounded, is_order_assumed, is_cut, unread,
        export_row, export_rows
    )
    from read_parquet($staged, hive_partitioning = false)
    where reject_reason is null
        and session_date >= cast($first_day as date)
        and session_date < cast($first_day as date) + interval 1 month
) to $part (format parquet, compression zstd, return_stats)
