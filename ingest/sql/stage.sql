-- one row per row of the export, in its order: the session, typed, and why it is rejected (NULL: it is not)
-- no joins: DuckDB does not keep the order of rows through them
copy (
    with identified as (
        select
            *,
            blank(session_key) as session_text,
            identifier(visitor) as visitor_text,
            identifier(visit) as visit_text,
            calendar_day(trimmed(date)) as session_date,
            whole_number(visit_number) as visit_number_read,
            whole_number(new_visit) as new_visit_read,
            whole_number(pageviews) as pageviews_read,
            whole_number(events) as events_read,
            whole_number(duration) as duration_read,
            whole_number(transactions) as transactions_read,
            coalesce(micros_number(revenue_micros), decimal_number(revenue)) as revenue_read,
            moment(start) as start_read,
            truth(engaged) as engaged_read,
            truth(viewed_item) as viewed_item_read,
            truth(added_to_cart) as added_to_cart_read,
            truth(began_checkout) as began_checkout_read,
            is_odd(concat_ws(
                '|', device_category, operating_system, browser, country, region, channel_group, source, medium, campaign,
                landing_page, hostname
            )) as is_odd_row,
            map_extract_value(getvariable('country_names'), country) as country_code
        from raw
    ),

    judged as (
        select
            *,
            case
                when defect is not null then {'reason': defect, 'value': ''}
                when session_date is null then {'reason': 'date is not a calendar day', 'value': cast(date as varchar)}
                when session_date < date '2005-01-01'
                    then {'reason': 'date is before 2005, when Google Analytics began', 'value': cast(date as varchar)}
                when session_date > $today + 1 then {'reason': 'date is in the future', 'value': cast(date as varchar)}
                when is_rounded_id(visit_text) then {'reason': 'visit id was rounded by a spreadsheet', 'value': visit}
                when is_rounded_id(session_text)
                    then {'reason': 'session id was rounded by a spreadsheet', 'value': session_key}
                when session_text is null
                    and (visitor_text is null or (visit_text is null and visit_number_read is null))
                    then {'reason': 'no visitor or visit id', 'value': concat_ws(' / ', visitor, visit)}
                when visit_number_read is null and blank(cast(visit_number as varchar)) is not null
                    then {'reason': 'visit number is not a whole number', 'value': cast(visit_number as varchar)}
                when pageviews_read is null and blank(cast(pageviews as varchar)) is not null
                    then {'reason': 'pageviews is not a whole number', 'value': cast(pageviews as varchar)}
                when pageviews_read < 0 then {'reason': 'negative pageviews', 'value': cast(pageviews as varchar)}
                when events_read is null and blank(cast(events as varchar)) is not null
                    then {'reason': 'hits or events is not a whole number', 'value': cast(events as varchar)}
                when events_read < 0 then {'reason': 'negative hits or events', 'value': cast(events as varchar)}
                when duration_read is null and blank(cast(duration as varchar)) is not null
                    then {'reason': 'duration is not a whole number of seconds', 'value': cast(duration as varchar)}
                when duration_read < 0 then {'reason': 'negative duration', 'value': cast(duration as varchar)}
                when transactions_read is null and blank(cast(transactions as varchar)) is not null
                    then {'reason': 'transactions is not a whole number', 'value': cast(transactions as varchar)}
                when transactions_read < 0 then {'reason': 'negative transactions', 'value': cast(transactions as varchar)}
                when revenue_read is null and regexp_full_match(first_text(revenue_micros, revenue), '\s*\d{1,3},\d{3}\s*')
                    then {'reason': 'revenue can be read two ways, name decimal in a mapping file', 'value': first_text(revenue_micros, revenue)}
                when revenue_read is null and blank(first_text(revenue_micros, revenue)) is not null
                    then {'reason': 'revenue is not a number', 'value': first_text(revenue_micros, revenue)}
                when revenue_read < 0 then {'reason': 'negative revenue', 'value': first_text(revenue_micros, revenue)}
                when engaged_read is null and blank(cast(engaged as varchar)) is not null
                    then {'reason': 'engaged is not true or false', 'value': cast(engaged as varchar)}
                when viewed_item_read is null and blank(cast(viewed_item as varchar)) is not null
                    then {'reason': 'viewed_item is not true or false', 'value': cast(viewed_item as varchar)}
                when added_to_cart_read is null and blank(cast(added_to_cart as varchar)) is not null
                    then {'reason': 'added_to_cart is not true or false', 'value': cast(added_to_cart as varchar)}
                when began_checkout_read is null and blank(cast(began_checkout as varchar)) is not null
                    then {'reason': 'began_checkout is not true or false', 'value': cast(began_checkout as varchar)}
            end as reject,
            case when visitor_text is not null then fingerprint($salt || '|' || visitor_text) end as visitor_id,
            case when start_read is null then moment(visit_text) end as visit_start,
            case
                when country_code is null and country is not null and country <> '(not set)'
                    then map_extract_value(getvariable('country_keys'), country_key(country))
            end as country_code_by_key
        from identified
    ),

    sessions as (
        select
            case
                when session_text is not null
                    then fingerprint(concat_ws('|', $salt, 'session', session_text, session_date))
                when visit_text is not null
                    then fingerprint(concat_ws('|', visitor_id, visit_text, session_date - date '2005-01-01'))
                else fingerprint(concat_ws('|', visitor_id, 'number', visit_number_read, session_date - date '2005-01-01'))
            end as session_id,
            visitor_id,
            session_date,
            coalesce(
                start_read, case when abs(cast(visit_start as date) - session_date) <= 1 then visit_start end
            ) as session_start,
            visit_number_read as visit_number,
            lower(dimension(device_category, is_odd_row)) as device_category,
            dimension(operating_system, is_odd_row) as operating_system,
            dimension(browser, is_odd_row) as browser,
            coalesce(country_code, country_code_by_key, '(not set)') as country,
            dimension(region, is_odd_row) as region,
            dimension(channel_group, is_odd_row) as channel_group,
            dimension(source, is_odd_row) as source,
            dimension(medium, is_odd_row) as medium,
            dimension(campaign, is_odd_row) as campaign,
            dimension(page_path(landing_page), is_odd_row) as landing_page,
            case
                when starts_with(lower(trim(visitor_type)), 'new') then 'new'
                when starts_with(lower(trim(visitor_type)), 'return') then 'returning'
                when new_visit_read = 1 or visit_number_read = 1 then 'new'
                when visit_number_read > 1 then 'returning'
                else '(not set)'
            end as visitor_type,
            dimension(hostname, is_odd_row) as hostname,
            coalesce(pageviews_read, 0) as pageviews,
            events_read as events,
            duration_read as duration_seconds,
            engaged_read as engaged,
            viewed_item_read as viewed_item,
            added_to_cart_read as added_to_cart,
            began_checkout_read as began_checkout,
            coalesce(transactions_read, case when revenue_read > 0 then 1 else 0 end) as transactions,
            coalesce(revenue_read, 0::decimal(18, 6)) as revenue,
            cast($export_id as varchar) as export_id,
            cast($export_detail as smallint) as export_detail,
            reject.reason as reject_reason,
            left(reject.value, 200) as reject_value,
            case
                when reject is not null
                    then left(cast(to_json({
                        'visit': visit, 'visit_number': cast(visit_number as varchar), 'visitor_type': visitor_type,
                        'date': cast(date as varchar), 'start': cast(start as varchar), 'device_category': device_category,
                        'operating_system': operating_system, 'browser': browser, 'country': country, 'region': region,
                        'channel_group': channel_group, 'source': source, 'medium': medium, 'campaign': campaign,
                        'landing_page': landing_page, 'hostname': hostname, 'pageviews': cast(pageviews as varchar),
                        'events': cast(events as varchar), 'duration': cast(duration as varchar),
                        'engaged': cast(engaged as varchar), 'transactions': cast(transactions as varchar),
                        'revenue': first_text(revenue_micros, revenue)
                    }) as varchar), 2000)
            end as reject_row,
            case
                when coalesce(country_code, country_code_by_key) is null and dimension(country, true) <> '(not set)'
                    then left(dimension(country, true), 80)
            end as unknown_country,
            is_rounded_id(visitor_text) as is_rounded,
            transactions_read is null and revenue_read > 0 as is_order_assumed,
            try_cast(row as bigint) as export_row,
            try_cast(rows as bigint) as export_rows,
            is_odd_row and greatest(
                length(operating_system), length(browser), length(region), length(channel_group), length(source),
                length(medium), length(campaign), length(landing_page), length(hostname)
            ) > 500 as is_cut,
            unread
        from judged
    )

    select
        *,
        cast(null as varchar) as parts,
        cast(null as varchar) as orders
    from sessions
) to $target (format parquet, compression lz4)
