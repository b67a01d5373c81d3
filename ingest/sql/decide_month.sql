-- one row per session to write into a month that the store has: not there yet, or there with less or other content
create or replace temp table decided as
with stored as (
    select
        session_date,
        session_id,
        export_detail,
        hash(*columns(* exclude (export_id, export_detail))) as content_hash
    from read_parquet($stored, hive_partitioning = false)
    semi join winners using (session_date, session_id)
)

select
    winners.session_date,
    winners.session_id,
    winners.file_no,
    winners.row_no,
    case when stored.session_id is null then 'added' else 'replaced' end as outcome
from winners
left join stored using (session_date, session_id)
where stored.session_id is null
    or winners.export_detail > stored.export_detail
    or (winners.export_detail = stored.export_detail and winners.content_hash <> stored.content_hash)
