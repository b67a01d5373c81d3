-- the objects with all their fields, sorted by day, a folder a month
copy (
    select
        *,
        substr(date::varchar, 1, 6) as month
    from read_json($files, format = 'newline_delimited', columns = $columns)
    order by date
) to $target (format parquet, compression zstd, partition_by (month))
