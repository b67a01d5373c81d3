-- one row per session, day, export and transaction: the orders of the sessions in parts
create or replace temp table share_of_orders as
select *
from all_orders
semi join parts using (session_id)
