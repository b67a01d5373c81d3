-- one row per comparable spelling of a country's name
create or replace temp table country_codes as
select
    country_key(name) as key,
    min(code) as code
from (select unnest($names) as name, unnest($codes) as code)
group by all
