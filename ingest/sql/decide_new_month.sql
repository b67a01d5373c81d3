-- one row per session to write into a month that the store does not have yet
create or replace temp table decided as
select
    session_date,
    session_id,
    file_no,
    row_no,
    'added' as outcome
from winners
