-- one row per event of the export, in its order: typed, its ids hashed, and why it is rejected (NULL: it is not)
-- no joins: DuckDB does not keep the order of rows through them
-- code: 36 bits that tell events apart, one that says it is a view, 25 of milliseconds engaged
-- mark: tells the event again in another export of the day
copy (
    with typed as (
        select
            *,
            identifier(user) as user_text,
            identifier(if(suffix(session, '.0'), left(session, length(session) - 2), session)) as session_text,
            calendar_day(trim(date)) as event_day,
            event_micros(trim("at")) as event_at,
            lower(trim(name)) as event_name,
            list_contains(['purchase', 'ecommerce_purchase'], lower(trim(name))) as is_order,
            cast(try_cast(revenue as decimal(18, 6)) * 1000000 as bigint) as revenue_micros,
            greatest(least(coalesce(try_cast(engagement_msec as bigint), 0), 28800000), 0) as engaged_msec,
            list_contains(['page_view', 'screen_view'], lower(trim(name))) as is_view,
            is_yes(entrances) as is_entrance,
            blank(click_id) is not null as is_click,
            starts_with(page, 'https://') or regexp_matches(page, '^[A-Za-z][A-Za-z0-9+.-]*://') as is_address,
            page_path(page) as page_text
        from raw
    ),

    judged as (
        select
            *,
            case
                when user_text is null
                    then {'reason': 'no user_pseudo_id and no user_id: the visitor gave no consent to be recognised', 'value': name}
                when session_text is null
                    then {'reason': 'no ga_session_id: the event belongs to no session (consent mode)', 'value': name}
                when is_rounded_id(session_text)
                    then {'reason': 'ga_session_id was rounded by a spreadsheet', 'value': session}
                when event_day is null then {'reason': 'event_date is not a calendar day', 'value': date}
                when event_day < date '2005-01-01'
                    then {'reason': 'event_date is before 2005, when Google Analytics began', 'value': date}
                when event_day > $today + 1 then {'reason': 'event_date is in the future', 'value': date}
                when event_at is null then {'reason': 'event_timestamp is not a time', 'value': "at"}
                when is_order and revenue_micros is null and blank(revenue) is not null
                    then {'reason': 'revenue is not a number', 'value': revenue}
                when is_order and revenue_micros < 0 then {'reason': 'negative revenue', 'value': revenue}
            end as reject,
            fingerprint($salt || '|' || user_text) as visitor_id,
            case when is_address then substr(page_text, strpos(page_text, '://') + 3) end as page_rest
        from typed
    )

    select
        visitor_id,
        fingerprint(concat_ws('|', $salt, 'ga4', visitor_id, session_text)) as session_id,
        is_rounded_id(user_text) as is_rounded,
        event_day as day,
        event_at,
        cast(hash(event_name, event_at, content, page, engagement_msec, transaction, revenue) >> 28 as bigint) * 67108864
            + if(is_view, 33554432, 0)
            + engaged_msec as code,
        cast(hash(event_name, event_at) >> 24 as bigint) as mark,
        event_name = 'view_item' as is_item_view,
        event_name = 'add_to_cart' as is_cart,
        event_name = 'begin_checkout' as is_checkout,
        list_contains(['first_visit', 'first_open'], event_name) as is_first_visit,
        whole_number(session_number) as visit_number,
        is_yes(engaged) as is_engaged,
        case
            when blank(page) is null then null
            when event_name = 'page_view' and is_entrance then 1
            when event_name = 'page_view' then 2
            else 3
        end as landing_rank,
        case
            when not is_address then page_path(blank(page))
            when contains(page_rest, '/') then substr(page_rest, strpos(page_rest, '/'))
            when is_address then '/'
        end as landing_page,
        coalesce(blank(hostname), location_host(page)) as hostname,
        case
            when coalesce(blank(session_source), blank(session_medium)) is not null then 1
            when is_click or coalesce(blank(event_source), blank(event_medium), blank(event_campaign)) is not null then 2
            when coalesce(blank(user_source), blank(user_medium)) is not null then 3
        end as traffic_rank,
        case traffic_rank
            when 1 then blank(session_source)
            when 2 then if(is_click, 'google', blank(event_source))
            when 3 then blank(user_source)
        end as source,
        case traffic_rank
            when 1 then blank(session_medium)
            when 2 then if(is_click, 'cpc', blank(event_medium))
            when 3 then blank(user_medium)
        end as medium,
        case traffic_rank
            when 1 then blank(session_campaign)
            when 2 then blank(event_campaign)
            when 3 then blank(user_campaign)
        end as campaign,
        blank(session_channel) as channel_group,
        blank(device_category) as device_category,
        blank(operating_system) as operating_system,
        blank(browser) as browser,
        blank(country) as country,
        blank(region) as region,
        is_order,
        case
            when not is_order then null
            when list_contains([
                '<other>', '(other)', '(data deleted)', 'undefined', 'null', 'none', 'nan', 'n/a', '0', '[object object]'
            ], lower(coalesce(blank(transaction), '(other)')))
                then fingerprint(concat_ws('|', 'order', session_id, event_at, coalesce(revenue_micros, 0)))
            else fingerprint(concat_ws('|', $salt, 'order', blank(transaction)))
        end as order_key,
        case when is_order then coalesce(revenue_micros, 0) end as order_micros,
        reject.reason as reject_reason,
        left(reject.value, 200) as reject_value,
        case
            when reject is not null
                then left(cast(to_json({
                    'event_date': date, 'event_timestamp': "at", 'event_name': name, 'page_location': page,
                    'ga_session_number': session_number, 'engagement_time_msec': engagement_msec, 'hostname': hostname,
                    'device_category': device_category, 'operating_system': operating_system, 'browser': browser,
                    'country': country, 'region': region, 'source': event_source, 'medium': event_medium,
                    'campaign': event_campaign, 'revenue': revenue
                }) as varchar), 2000)
        end as reject_row
    from judged
) to $target (format parquet, compression lz4)
