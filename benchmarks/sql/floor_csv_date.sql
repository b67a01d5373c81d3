-- the files as text, sorted by day, a folder a month
copy (
    select
        *,
        substr(date, 1, 6) as month
    from read_csv($files, header = true, delim = ',', quote = '"', auto_detect = false, columns = $columns)
    order by date
) to $target (format parquet, compression zstd, partition_by (month))
