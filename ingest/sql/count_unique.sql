-- one row per file: the accepted sessions of one month, and how many different ones all files have together
with rows as (
    select
        session_id,
        cast(regexp_extract(filename, '(\d+)\.parquet$', 1) as integer) as file_no
    from read_parquet($staged, filename = true, hive_partitioning = false)
    where reject_reason is null
        and session_date >= cast($first_day as date)
        and session_date < cast($first_day as date) + interval 1 month
)

select
    file_no,
    count(*) as sessions,
    (select count(distinct session_id) from rows) as different
from rows
group by file_no
