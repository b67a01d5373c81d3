-- one row: how many sessions must be put together anew
select count(*) as sessions
from merged_sessions
