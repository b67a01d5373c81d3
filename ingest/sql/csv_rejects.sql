-- one row per line that is no CSV row of this file, in the order of the file; DuckDB tells each cell too many as an error
select
    line,
    arg_min(cast(error_type as varchar), coalesce(column_idx, 0)) as error_type,
    left(arg_min(csv_line, coalesce(column_idx, 0)), 200) as csv_line
from reject_errors
group by line
order by line
