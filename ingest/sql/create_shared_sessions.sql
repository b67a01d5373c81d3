-- one row per session that more than one file adds to, or a file and the store
create or replace temp table shared_sessions as
with incoming as (
    select
        session_id,
        min(file_no) <> max(file_no) as is_shared
    from incoming_parts
    group by session_id
)

select session_id
from incoming
where is_shared
union
select session_id
from stored
semi join incoming using (session_id)
