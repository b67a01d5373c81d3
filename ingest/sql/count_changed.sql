-- one row per file and outcome: how many sessions were put together anew for it
select
    report_no,
    if(stored_date is null, 'added', 'replaced') as outcome,
    count(*) as sessions
from changed_sessions
where report_no is not null
group by all
