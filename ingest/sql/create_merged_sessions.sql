-- one row per session that must be put together anew: shared, or with a transaction that must be counted anew
create or replace temp table merged_sessions as
select session_id
from shared_sessions
union
select session_id
from incoming_orders
semi join affected_keys using (key)
union
select session_id
from stored_orders
semi join affected_keys using (key)
