-- one row per rejected row of a staged file, the first of them in the order of the file
select
    coalesce(export_row, file_row_number + 1) as row_no,
    reject_reason,
    coalesce(reject_value, '') as value,
    reject_row
from read_parquet($staged, file_row_number = true, hive_partitioning = false)
where reject_reason is not null
order by row_no
limit $most
