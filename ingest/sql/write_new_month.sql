-- the sessions of a month that the store does not have yet, by date
copy (
    select * exclude (
        reject_reason, reject_value, reject_row, unknown_country, is_rounded, is_order_assumed, is_cut, unread,
        export_row, export_rows, filename, file_row_number
    )
    from read_parquet($staged, filename = true, file_row_number = true, hive_partitioning = false) as staged
    semi join decided
        on decided.row_no = staged.file_row_number
        and decided.file_no = cast(regexp_extract(staged.filename, '(\d+)\.parquet$', 1) as integer)
    where session_date >= cast($first_day as date)
        and session_date < cast($first_day as date) + interval 1 month
    order by session_date
) to $part (format parquet, compression zstd, return_stats)
