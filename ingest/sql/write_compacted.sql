-- all sessions of a month, from its several files, by date
copy (
    select * exclude (filename)
    from stored
    order by session_date
) to $part (format parquet, compression zstd, return_stats)
