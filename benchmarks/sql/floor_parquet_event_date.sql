-- the files as they are, sorted by day, a folder a month
copy (
    select
        *,
        substr(event_date, 1, 6) as month
    from read_parquet($files)
    order by event_date
) to $target (format parquet, compression zstd, partition_by (month))
