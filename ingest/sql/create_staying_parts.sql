-- one row per session, day and origin of a share: what counts after the later or more detailed export has replaced others
-- a part that is exported anew without change keeps the id of the export that gave it first
create or replace temp table staying_parts as
with share_of_contributions as (
    select *
    from contributions
    where share = $share
),

beaten as (
    select distinct
        loser.session_id,
        loser.day,
        loser.origin
    from share_of_contributions as loser
    inner join share_of_contributions as winner
        on loser.session_id = winner.session_id and loser.day = winner.day and loser.origin <> winner.origin
    inner join reexports
        on reexports.day = loser.day
        and reexports.origin = loser.origin
        and reexports.other_origin = winner.origin
    where winner.detail > loser.detail
        or (winner.detail = loser.detail and winner.turn > loser.turn)
),

first_given as (
    select
        session_id,
        day,
        detail,
        content,
        arg_min(export_id, turn) as first_export_id
    from share_of_contributions
    group by session_id, day, detail, content
)

select
    staying.* exclude (export_id),
    first_given.first_export_id as export_id
from share_of_contributions as staying
anti join beaten using (session_id, day, origin)
inner join first_given using (session_id, day, detail, content)
