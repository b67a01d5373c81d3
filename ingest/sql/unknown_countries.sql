-- one row per country name without a code, most sessions first
select
    unknown_country,
    count(*) as sessions
from read_parquet($staged, hive_partitioning = false)
where unknown_country is not null and reject_reason is null
group by all
order by sessions desc, unknown_country
