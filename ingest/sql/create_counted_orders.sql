-- one row per session, day, export and transaction; counted where it is the first of its transaction
create or replace temp table counted_orders as
select
    staying_orders.* exclude (counted),
    case
        when affected_keys.key is null then counted
        else row_number() over (partition by staying_orders.key order by bought_at, session_id, day, export_id) = 1
    end as counted
from staying_orders
left join affected_keys on staying_orders.key = affected_keys.key
