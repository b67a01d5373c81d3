-- the orders of a share's parts that count
insert into staying_orders
with orders as (
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
    orders.session_id,
    orders.day,
    parts.export_id,
    orders.key,
    orders.bought_at,
    orders.micros,
    orders.counted
from orders
inner join parts using (session_id, day, origin)
