-- one row: how many rows some staged files hold
select count(*) as rows
from read_parquet($staged, hive_partitioning = false)
