-- the files as they are, sorted by day, a folder a month
copy (
    select
        *,
        strftime(session_date, '%Y-%m') as month
    from read_parquet($files)
    order by session_date
) to $target (format parquet, compression zstd, partition_by (month))
