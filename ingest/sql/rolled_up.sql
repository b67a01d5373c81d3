-- one row: the rows of the export that were rolled up, and the sessions they became
select
    coalesce(sum(export_rows), 0)::bigint as rows,
    count(*) as sessions
from read_parquet($staged, hive_partitioning = false)
