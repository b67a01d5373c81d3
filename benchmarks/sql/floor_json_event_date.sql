-- the objects with all their fields, sorted by day, a folder a month
copy (
    select
        *,
        substr(event_date::varchar, 1, 6) as month
    from read_json($files, format = 'newline_delimited', columns = $columns)
    order by event_date
) to $target (format parquet, compression zstd, partition_by (month))
