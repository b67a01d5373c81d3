-- one row per file of the store that holds a session to put together anew
select distinct filename
from stored
semi join merged_sessions using (session_id)
