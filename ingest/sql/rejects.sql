-- one row per rejected example, at most five a reason, with the reason's count
select
    reject_reason as reason,
    count(*) as rows,
    list({'row': coalesce(export_row, file_row_number + 1), 'value': reject_value} order by file_row_number)[1:5] as examples
from read_parquet($staged, file_row_number = true, hive_partitioning = false)
where reject_reason is not null
group by all
order by rows desc, reason
