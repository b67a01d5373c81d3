-- one row per day and pair of origins that hold some of the same events of a session: the later is an export of them anew
-- two exports of a day without an event in common are pieces of it
create or replace temp table reexports as
select distinct
    one.day,
    one.origin,
    other.origin as other_origin
from contributions as one
inner join contributions as other on one.session_id = other.session_id and one.day = other.day
where one.origin <> other.origin
    and list_has_any(one.marks, other.marks)
