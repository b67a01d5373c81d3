-- one row per session, day and export: the parts of a share of the visitors
create or replace temp table parts as
select *
from all_parts
where visitor_id % $shares = $share
