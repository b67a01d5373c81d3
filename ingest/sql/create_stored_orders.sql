-- one row per session, day, export and transaction of the store
create or replace temp table stored_orders as
select
    session_id,
    unnest(
        from_json(
            orders,
            '[{"day": "DATE", "export_id": "VARCHAR", "key": "BIGINT", "bought_at": "BIGINT", "micros": "BIGINT", "counted": "BOOLEAN"}]'
        ),
        recursive := true
    )
from stored
where orders is not null
