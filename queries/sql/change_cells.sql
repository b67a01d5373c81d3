-- grain: one row per device_category, visitor_type and country
select
    device_category,
    visitor_type,
    country,
    sum(sessions) as sessions,
    sum(conversions) as conversions
from sessions
group by device_category, visitor_type, country
order by sessions desc nulls last, device_category, visitor_type, country
