-- sessions in our own columns
copy (
    select
        concat('s', i) as session_id,
        concat('v', visitor) as visitor_id,
        day as session_date,
        make_timestamptz(cast(started as bigint) * 1000000) as session_start,
        cast(visit_number as integer) as visit_number,
        device as device_category,
        os as operating_system,
        browser,
        country,
        region,
        channel as channel_group,
        source,
        medium,
        campaign,
        page as landing_page,
        'shop.example.com' as hostname,
        cast(pageviews as integer) as pageviews,
        cast(pageviews + 3 as integer) as events,
        cast(seconds as integer) as duration_seconds,
        orders as transactions,
        cast(if(orders > 0, micros / 1000000, 0) as decimal(18, 6)) as revenue
    from visits($sessions, $first, $last)
) to $target (format parquet)
