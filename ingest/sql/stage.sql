-- one row per row of the export, in its order: the session, typed, and why it is rejected (NULL: it is not)
copy (
    with trimmed as (
        select
            * replace (
                blank(session_key) as session_key,
                case
                    when regexp_full_match(visitor, '\s*0\d+\s*') then coalesce(nullif(ltrim(trim(visitor), '0'), ''), '0')
                    else blank(visitor)
                end as visitor,
                blank(visit) as visit,
                blank(visit_number) as visit_number,
                blank(date) as date,
                blank(start) as start,
                blank(pageviews) as pageviews,
                blank(events) as events,
                blank(duration) as duration,
                blank(engaged) as engaged,
                blank(viewed_item) as viewed_item,
                blank(added_to_cart) as added_to_cart,
                blank(began_checkout) as began_checkout,
                blank(transactions) as transactions,
                blank(coalesce(revenue_micros, revenue)) as revenue_text
            )
        from (select *, null::varchar as revenue_text from raw)
    ),

    typed as (
        select
            *,
            calendar_day(date) as session_date,
            whole_number(visit_number) as visit_number_read,
            whole_number(pageviews) as pageviews_read,
            whole_number(events) as events_read,
            whole_number(duration) as duration_read,
            whole_number(transactions) as transactions_read,
            case
                when revenue_micros is not null
                    then cast(try_cast(revenue_text as decimal(18, 0)) * 0.000001::decimal(7, 6) as decimal(18, 6))
                else try_cast(revenue_text as decimal(18, 6))
            end as revenue_read,
            coalesce(
                moment(start),
                case when abs(date_diff('day', calendar_day(date), cast(moment(visit) as date))) <= 1 then moment(visit) end
            ) as start_read,
            country_key(dimension(country)) as country_read
        from trimmed
    ),

    judged as (
        select
            *,
            case
                when defect is not null then {'reason': defect, 'value': ''}
                when session_date is null then {'reason': 'date is not a calendar day', 'value': date}
                when session_date < date '2005-01-01'
                    then {'reason': 'date is before 2005, when Google Analytics began', 'value': date}
                when session_date > $today + 1 then {'reason': 'date is in the future', 'value': date}
                when is_rounded_id(visit) then {'reason': 'visit id was rounded by a spreadsheet', 'value': visit}
                when is_rounded_id(session_key)
                    then {'reason': 'session id was rounded by a spreadsheet', 'value': session_key}
                when session_key is null and (visitor is null or coalesce(visit, visit_number) is null)
                    then {'reason': 'no visitor or visit id', 'value': concat_ws(' / ', visitor, visit)}
                when visit_number is not null and visit_number_read is null
                    then {'reason': 'visit number is not a whole number', 'value': visit_number}
                when pageviews is not null and pageviews_read is null
                    then {'reason': 'pageviews is not a whole number', 'value': pageviews}
                when pageviews_read < 0 then {'reason': 'negative pageviews', 'value': pageviews}
                when events is not null and events_read is null
                    then {'reason': 'hits or events is not a whole number', 'value': events}
                when events_read < 0 then {'reason': 'negative hits or events', 'value': events}
                when duration is not null and duration_read is null
                    then {'reason': 'duration is not a whole number of seconds', 'value': duration}
                when duration_read < 0 then {'reason': 'negative duration', 'value': duration}
                when transactions is not null and transactions_read is null
                    then {'reason': 'transactions is not a whole number', 'value': transactions}
                when transactions_read < 0 then {'reason': 'negative transactions', 'value': transactions}
                when revenue_text is not null and revenue_read is null
                    then {'reason': 'revenue is not a number', 'value': revenue_text}
                when revenue_read < 0 then {'reason': 'negative revenue', 'value': revenue_text}
                when engaged is not null and try_cast(engaged as boolean) is null
                    then {'reason': 'engaged is not true or false', 'value': engaged}
                when viewed_item is not null and try_cast(viewed_item as boolean) is null
                    then {'reason': 'viewed_item is not true or false', 'value': viewed_item}
                when added_to_cart is not null and try_cast(added_to_cart as boolean) is null
                    then {'reason': 'added_to_cart is not true or false', 'value': added_to_cart}
                when began_checkout is not null and try_cast(began_checkout as boolean) is null
                    then {'reason': 'began_checkout is not true or false', 'value': began_checkout}
            end as reject
        from typed
    ),

    sessions as (
        select
            case
                when session_key is not null
                    then fingerprint(concat_ws('|', $salt, 'session', session_key, session_date))
                when visit is not null
                    then fingerprint(concat_ws('|', $salt, 'visit', visitor, visit, session_date))
                else fingerprint(concat_ws('|', $salt, 'number', visitor, visit_number_read, session_date))
            end as session_id,
            case when visitor is not null then fingerprint(concat_ws('|', $salt, 'visitor', visitor)) end as visitor_id,
            session_date,
            start_read as session_start,
            visit_number_read as visit_number,
            lower(dimension(device_category)) as device_category,
            dimension(operating_system) as operating_system,
            dimension(browser) as browser,
            coalesce(country_codes.code, '(not set)') as country,
            dimension(region) as region,
            dimension(channel_group) as channel_group,
            dimension(source) as source,
            dimension(medium) as medium,
            dimension(campaign) as campaign,
            coalesce(nullif(split_part(split_part(dimension(landing_page), '?', 1), '#', 1), ''), '(not set)')
                as landing_page,
            case
                when lower(trim(visitor_type)) in ('new', 'new visitor') then 'new'
                when lower(trim(visitor_type)) in ('returning', 'returning visitor') then 'returning'
                when whole_number(new_visit) = 1 or visit_number_read = 1 then 'new'
                when visit_number_read > 1 then 'returning'
                else '(not set)'
            end as visitor_type,
            dimension(hostname) as hostname,
            coalesce(pageviews_read, 0) as pageviews,
            events_read as events,
            duration_read as duration_seconds,
            try_cast(engaged as boolean) as engaged,
            try_cast(viewed_item as boolean) as viewed_item,
            try_cast(added_to_cart as boolean) as added_to_cart,
            try_cast(began_checkout as boolean) as began_checkout,
            coalesce(transactions_read, case when revenue_read > 0 then 1 else 0 end) as transactions,
            coalesce(revenue_read, 0::decimal(18, 6)) as revenue,
            cast($export_id as varchar) as export_id,
            cast($export_detail as smallint) as export_detail,
            reject.reason as reject_reason,
            left(reject.value, 200) as reject_value,
            case when country_codes.code is null and country_read <> 'notset' then left(trim(country), 80) end
                as unknown_country,
            is_rounded_id(visitor) as is_rounded,
            transactions_read is null and revenue_read > 0 as is_order_assumed,
            greatest(
                length(operating_system), length(browser), length(region), length(channel_group), length(source),
                length(medium), length(campaign), length(landing_page), length(hostname)
            ) > 500 as is_cut
        from judged
        left join country_codes on country_codes.key = country_read
    )

    select
        *,
        hash(*columns(* exclude (
            export_id, export_detail, reject_reason, reject_value, unknown_country, is_rounded, is_order_assumed, is_cut
        )))
            as content_hash
    from sessions
) to $target (format parquet, compression lz4)
