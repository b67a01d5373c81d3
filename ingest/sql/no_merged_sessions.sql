-- no row: no session must be put together anew
create or replace temp table merged_sessions (session_id bigint)
