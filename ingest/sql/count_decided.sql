-- one row per file and outcome
select
    file_no,
    outcome,
    count(*) as sessions
from decided
group by all
