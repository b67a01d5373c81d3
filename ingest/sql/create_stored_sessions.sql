-- one row per session that the store holds and that must be put together anew
create or replace temp table stored_sessions as
select
    session_id,
    session_date,
    hash(parts, orders) as content
from stored
semi join merged_sessions using (session_id)
