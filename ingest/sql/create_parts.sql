-- one row per session and day: what the events of one file and some of its days add to a session
copy (
    with grouped as (
        select
            session_id,
            any_value(visitor_id) as visitor_id,
            day,
            min(event_at) as first_at,
            max(event_at) as last_at,
            list(distinct code) as codes,
            list_distinct(min(mark, 4)) as marks,
            bool_or(is_engaged) as engaged,
            min(visit_number) as visit_number,
            bool_or(is_first_visit) or coalesce(min(visit_number) = 1, false) as is_new,
            bool_or(is_item_view) as viewed_item,
            bool_or(is_cart) as added_to_cart,
            bool_or(is_checkout) as began_checkout,
            min({'at': event_at, 'value': device_category}) filter (device_category is not null) as device_category,
            min({'at': event_at, 'value': operating_system}) filter (operating_system is not null) as operating_system,
            min({'at': event_at, 'value': browser}) filter (browser is not null) as browser,
            min({'at': event_at, 'value': country}) filter (country is not null) as country,
            min({'at': event_at, 'value': region}) filter (region is not null) as region,
            min({'at': event_at, 'value': hostname}) filter (hostname is not null) as hostname,
            min({'at': event_at, 'value': channel_group}) filter (channel_group is not null) as channel_group,
            min({
                'rank': traffic_rank, 'traffic_at': event_at, 'source': source, 'medium': medium, 'campaign': campaign
            }) filter (traffic_rank is not null) as traffic,
            min({'rank': landing_rank, 'landing_at': event_at, 'page': landing_page}) filter (landing_rank is not null) as landing,
            bool_or(is_rounded) as is_rounded
        from read_parquet($events, hive_partitioning = false)
        where reject_reason is null
            and day between cast($first_day as date) and cast($last_day as date)
            and visitor_id % $shares = $share
        group by session_id, day
    ),

    coded as (
        select
            *,
            coalesce(
                map_extract_value(getvariable('country_names'), country.value),
                map_extract_value(getvariable('country_keys'), country_key(country.value))
            ) as country_code
        from grouped
    )

    select
        session_id,
        visitor_id,
        day,
        cast($export_id as varchar) as export_id,
        cast($export_detail as smallint) as detail,
        first_at,
        last_at,
        cast(list_sum(list_transform(codes, lambda code: code & 33554431)) as bigint) as engaged_msec,
        cast(length(codes) as integer) as events,
        cast(length(list_filter(codes, lambda code: code & 33554432 > 0)) as integer) as pageviews,
        engaged,
        visit_number,
        is_new,
        viewed_item,
        added_to_cart,
        began_checkout,
        lower(nullif(dimension(device_category.value, true), '(not set)')) as device_category,
        nullif(dimension(operating_system.value, true), '(not set)') as operating_system,
        nullif(dimension(browser.value, true), '(not set)') as browser,
        country_code as country,
        nullif(dimension(region.value, true), '(not set)') as region,
        nullif(dimension(channel_group.value, true), '(not set)') as channel_group,
        cast(traffic.rank as smallint) as traffic_rank,
        traffic.traffic_at as traffic_at,
        nullif(dimension(traffic.source, true), '(not set)') as source,
        nullif(dimension(traffic.medium, true), '(not set)') as medium,
        nullif(dimension(traffic.campaign, true), '(not set)') as campaign,
        cast(landing.rank as smallint) as landing_rank,
        landing.landing_at as landing_at,
        nullif(dimension(landing.page, true), '(not set)') as landing_page,
        nullif(dimension(hostname.value, true), '(not set)') as hostname,
        list_sort(marks) as marks,
        cast($file_no as integer) as file_no,
        is_rounded,
        case
            when country_code is null and dimension(country.value, true) <> '(not set)'
                then left(dimension(country.value, true), 80)
        end as unknown_country
    from coded
) to $target (format parquet, compression lz4)
