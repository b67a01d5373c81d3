-- one row per transaction that must be counted anew: in several files, in a file and the store, or of a shared session
create or replace temp table affected_keys as
select key
from incoming_orders
group by key
having min(file_no) <> max(file_no)
union
select key
from stored_orders
semi join incoming_orders using (key)
union
select key
from incoming_orders
semi join shared_sessions using (session_id)
union
select key
from stored_orders
semi join shared_sessions using (session_id)
