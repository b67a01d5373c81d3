-- no row yet: the orders of parts that count
create or replace temp table staying_orders (
    session_id bigint,
    day date,
    export_id varchar,
    key bigint,
    bought_at bigint,
    micros bigint,
    counted boolean
)
