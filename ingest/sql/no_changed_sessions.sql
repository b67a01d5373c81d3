-- no row yet: sessions that were put together anew and are not as the store has them
create or replace temp table changed_sessions (session_id bigint, stored_date date, report_no integer)
