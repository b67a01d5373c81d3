-- GA4's BigQuery export, one object per event, about five a session
copy (
    with events as (
        select
            *,
            unnest(range(2 + pageviews // 2 + 2 * orders)) as n
        from visits($sessions, $first, $last)
    )

    select
        strftime(day, '%Y%m%d') as event_date,
        cast(started * 1000000 + n * 20000000 as varchar) as event_timestamp,
        case
            when orders > 0 and n = 2 then 'purchase'
            when n = 0 then 'session_start'
            when n = 3 then 'view_item'
            when n = 4 then 'add_to_cart'
            else 'page_view'
        end as event_name,
        [
            {'key': 'ga_session_id', 'value': {'string_value': null, 'int_value': cast(started as varchar)}},
            {'key': 'ga_session_number', 'value': {'string_value': null, 'int_value': cast(visit_number as varchar)}},
            {'key': 'page_location', 'value': {'string_value': concat('https://shop.example.com', page, '?n=', n), 'int_value': null}},
            {'key': 'page_title', 'value': {'string_value': 'A page of the shop', 'int_value': null}},
            {'key': 'session_engaged', 'value': {'string_value': if(pageviews > 1, '1', '0'), 'int_value': null}},
            {'key': 'engagement_time_msec', 'value': {'string_value': null, 'int_value': cast(1000 * n as varchar)}}
        ] as event_params,
        cast(i as varchar) as event_bundle_sequence_id,
        concat('visitor.', visitor, '.', i) as user_pseudo_id,
        {'category': device, 'operating_system': os, 'web_info': {'browser': browser, 'hostname': 'shop.example.com'}} as device,
        {'country': country, 'region': region} as geo,
        {'name': campaign, 'medium': medium, 'source': source} as traffic_source,
        if(orders > 0 and n = 2, {'transaction_id': concat('T', i), 'purchase_revenue': micros / 1000000}, null) as ecommerce
    from events
) to $target (format json)
