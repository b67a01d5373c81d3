-- one row per session, day and transaction of one file; counted where it is the first of its transaction in the file
copy (
    with bought as (
        select
            session_id,
            day,
            order_key as key,
            min(event_at) as bought_at,
            arg_min(order_micros, {'at': event_at, 'micros': order_micros}) as micros
        from read_parquet($events, hive_partitioning = false)
        where reject_reason is null and is_order
        group by session_id, day, order_key
    )

    select
        session_id,
        day,
        cast($export_id as varchar) as export_id,
        key,
        bought_at,
        micros,
        row_number() over (partition by key order by bought_at, session_id, day) = 1 as counted,
        cast($file_no as integer) as file_no
    from bought
) to $target (format parquet, compression lz4)
