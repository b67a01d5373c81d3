-- the orders of a share's parts that count
insert into staying_orders
with given_orders as (
    select
        * exclude (file_no),
        concat('file ', file_no) as origin
    from incoming_orders
    union all by name
    select
        *,
        concat('store ', export_id) as origin
    from stored_orders
)

select
    given_orders.session_id,
    given_orders.day,
    parts.export_id,
    given_orders.key,
    given_orders.bought_at,
    given_orders.micros,
    given_orders.counted
from given_orders
inner join parts using (session_id, day, origin)
