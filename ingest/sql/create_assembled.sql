-- one row per session, put together from its parts (one a day) and its orders, each counted or not
-- each part is told as JSON before they are put in order: DuckDB 2.0 takes five times as long to order wide structs;
-- most sessions have one part, and need not be added up
create or replace temp view assembled as
with bought as (
    select
        session_id,
        count(*) filter (counted) as transactions,
        coalesce(sum(micros) filter (counted), 0) as revenue_micros,
        cast(to_json(list({
            'day': day, 'export_id': export_id, 'key': key, 'bought_at': bought_at, 'micros': micros, 'counted': counted
        } order by day, key, export_id)) as varchar) as orders
    from orders
    group by session_id
),

told as not materialized (
    select
        *,
        cast(to_json({
            'day': day, 'export_id': export_id, 'detail': detail, 'first_at': first_at, 'last_at': last_at,
            'engaged_msec': engaged_msec, 'events': events, 'pageviews': pageviews, 'engaged': engaged,
            'visit_number': visit_number, 'is_new': is_new, 'viewed_item': viewed_item, 'added_to_cart': added_to_cart,
            'began_checkout': began_checkout, 'device_category': device_category, 'operating_system': operating_system,
            'browser': browser, 'country': country, 'region': region, 'channel_group': channel_group,
            'traffic_rank': traffic_rank, 'traffic_at': traffic_at, 'source': source, 'medium': medium,
            'campaign': campaign, 'landing_rank': landing_rank, 'landing_at': landing_at, 'landing_page': landing_page,
            'hostname': hostname, 'marks': marks
        }) as varchar) as part
    from parts
),

split_sessions as (
    select session_id
    from parts
    group by session_id
    having count(*) > 1
),

added_up as (
    select
        session_id,
        any_value(visitor_id) as visitor_id,
        arg_min(day, {'at': first_at, 'day': day, 'id': export_id}) as session_date,
        min(first_at) as first_at,
        max(last_at) as last_at,
        sum(engaged_msec) as engaged_msec,
        cast(sum(events) as integer) as events,
        cast(sum(pageviews) as integer) as pageviews,
        bool_or(engaged) as engaged,
        min(visit_number) as visit_number,
        bool_or(is_new) as is_new,
        bool_or(viewed_item) as viewed_item,
        bool_or(added_to_cart) as added_to_cart,
        bool_or(began_checkout) as began_checkout,
        arg_min(device_category, {'at': first_at, 'day': day, 'id': export_id}) filter (device_category is not null) as device_category,
        arg_min(operating_system, {'at': first_at, 'day': day, 'id': export_id}) filter (operating_system is not null) as operating_system,
        arg_min(browser, {'at': first_at, 'day': day, 'id': export_id}) filter (browser is not null) as browser,
        arg_min(country, {'at': first_at, 'day': day, 'id': export_id}) filter (country is not null) as country,
        arg_min(region, {'at': first_at, 'day': day, 'id': export_id}) filter (region is not null) as region,
        arg_min(hostname, {'at': first_at, 'day': day, 'id': export_id}) filter (hostname is not null) as hostname,
        arg_min(channel_group, {'at': first_at, 'day': day, 'id': export_id}) filter (channel_group is not null) as channel_group,
        min({
            'rank': traffic_rank, 'at': traffic_at, 'source': source, 'medium': medium, 'campaign': campaign
        }) filter (traffic_rank is not null) as traffic,
        min({'rank': landing_rank, 'at': landing_at, 'page': landing_page}) filter (landing_rank is not null).page as landing_page,
        arg_min(export_id, {'at': first_at, 'day': day, 'id': export_id}) as export_id,
        max(detail) as export_detail,
        bool_or(is_rounded) as is_rounded,
        min(unknown_country) as unknown_country,
        concat('[', string_agg(part, ',' order by day, export_id), ']') as parts
    from told
    semi join split_sessions using (session_id)
    group by session_id
),

merged as (
    select
        session_id,
        visitor_id,
        day as session_date,
        first_at,
        last_at,
        engaged_msec,
        events,
        pageviews,
        engaged,
        visit_number,
        is_new,
        viewed_item,
        added_to_cart,
        began_checkout,
        device_category,
        operating_system,
        browser,
        country,
        region,
        hostname,
        channel_group,
        traffic_rank is not null as has_traffic,
        source,
        medium,
        campaign,
        landing_page,
        export_id,
        detail as export_detail,
        is_rounded,
        unknown_country,
        concat('[', part, ']') as parts
    from told
    anti join split_sessions using (session_id)
    union all by name
    select
        * exclude (traffic),
        traffic is not null as has_traffic,
        traffic.source as source,
        traffic.medium as medium,
        traffic.campaign as campaign
    from added_up
)

select
    session_id,
    visitor_id,
    session_date,
    make_timestamptz(first_at) as session_start,
    visit_number,
    coalesce(device_category, '(not set)') as device_category,
    coalesce(operating_system, '(not set)') as operating_system,
    coalesce(browser, '(not set)') as browser,
    coalesce(country, '(not set)') as country,
    coalesce(region, '(not set)') as region,
    case
        when channel_group is not null then channel_group
        when not has_traffic then '(not set)'
        else channel_group(
            coalesce(source, '(not set)'),
            coalesce(medium, '(not set)'),
            coalesce(campaign, '(not set)')
        )
    end as channel_group,
    coalesce(source, '(not set)') as source,
    coalesce(medium, '(not set)') as medium,
    coalesce(campaign, '(not set)') as campaign,
    coalesce(landing_page, '(not set)') as landing_page,
    case when is_new then 'new' when visit_number > 1 then 'returning' else '(not set)' end as visitor_type,
    coalesce(hostname, '(not set)') as hostname,
    pageviews,
    events,
    case
        when last_at > first_at or engaged_msec > 0
            then cast(greatest(last_at - first_at, engaged_msec * 1000) // 1000000 as integer)
    end as duration_seconds,
    engaged,
    viewed_item,
    added_to_cart,
    began_checkout,
    cast(coalesce(transactions, 0) as integer) as transactions,
    cast(coalesce(revenue_micros, 0) * 0.000001::decimal(7, 6) as decimal(18, 6)) as revenue,
    export_id,
    cast(export_detail as smallint) as export_detail,
    parts,
    orders,
    is_rounded,
    unknown_country
from merged
left join bought using (session_id)
