-- one row per file: how many of its sessions a later file of the ingest adds to as well
with origins as (
    select
        session_id,
        turn,
        max(turn) over (partition by session_id) as last_turn
    from (select distinct session_id, turn from contributions where turn >= 0)
)

select
    turn as file_no,
    count(*) as sessions
from origins
where turn < last_turn
group by turn
