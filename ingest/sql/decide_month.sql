-- one row per session to write into a month that the store has: not there yet, there with less or other content, or put
-- together anew
create or replace temp table decided as
with known as (
    select
        session_date,
        session_id,
        export_detail,
        hash(*columns(* exclude (export_id, export_detail, parts, orders, filename))) as content_hash
    from stored
    semi join winners using (session_date, session_id)
)

select
    winners.session_date,
    winners.session_id,
    winners.file_no,
    winners.row_no,
    case when known.session_id is null then 'added' else 'replaced' end as outcome
from winners
left join known using (session_date, session_id)
where known.session_id is null
    or winners.file_no >= $first_merged
    or winners.export_detail > known.export_detail
    or (winners.export_detail = known.export_detail and winners.content_hash <> known.content_hash)
