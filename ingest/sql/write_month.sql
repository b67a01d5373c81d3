-- all sessions of a month that the store has: those that stay, and those decided, by date
copy (
    with incoming as (
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
    ),

    staying as (
        select * exclude (filename)
        from stored
        anti join decided using (session_date, session_id)
        anti join changed_sessions
            on stored.session_id = changed_sessions.session_id and stored.session_date = changed_sessions.stored_date
    )

    select * from staying
    union all by name
    select * from incoming
    order by session_date
) to $part (format parquet, compression zstd, return_stats)
