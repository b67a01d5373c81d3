-- grain: one row per day that has sessions; how many sessions have (not set) for each dimension
select
    session_date,
    sum(sessions) as sessions,
    sum(case when device_category = '(not set)' then sessions else 0 end) as device_category,
    sum(case when operating_system = '(not set)' then sessions else 0 end) as operating_system,
    sum(case when browser = '(not set)' then sessions else 0 end) as browser,
    sum(case when country = '(not set)' then sessions else 0 end) as country,
    sum(case when region = '(not set)' then sessions else 0 end) as region,
    sum(case when channel_group = '(not set)' then sessions else 0 end) as channel_group,
    sum(case when source = '(not set)' then sessions else 0 end) as source,
    sum(case when medium = '(not set)' then sessions else 0 end) as medium,
    sum(case when campaign = '(not set)' then sessions else 0 end) as campaign,
    sum(case when landing_page = '(not set)' then sessions else 0 end) as landing_page,
    sum(case when visitor_type = '(not set)' then sessions else 0 end) as visitor_type,
    sum(case when hostname = '(not set)' then sessions else 0 end) as hostname
from sessions
group by session_date
order by session_date
