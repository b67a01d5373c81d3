-- the sessions of a share that are not as the store has them, and the file that the report counts each for
insert into changed_sessions
with given as (
    select
        session_id,
        max(turn) filter (turn >= 0) as report_no
    from contributions
    where share = $share
    group by session_id
)

select
    assembled.session_id,
    stored_sessions.session_date as stored_date,
    given.report_no
from assembled
inner join given using (session_id)
left join stored_sessions using (session_id)
where stored_sessions.session_id is null
    or stored_sessions.content <> hash(assembled.parts, assembled.orders)
