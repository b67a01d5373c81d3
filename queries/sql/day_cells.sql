-- grain: one row per day, device_category, visitor_type and country; the countries after the $top largest are one
with ranked as (
    select country, row_number() over (order by sum(sessions) desc nulls last, country) as place
    from sessions
    group by country
),
named as (
    select
        sessions.session_date,
        sessions.device_category,
        sessions.visitor_type,
        case when ranked.place <= $top then sessions.country else '(other)' end as country,
        sessions.sessions,
        sessions.conversions
    from sessions
    inner join ranked on ranked.country = sessions.country
)
select
    session_date,
    device_category,
    visitor_type,
    country,
    sum(sessions) as sessions,
    sum(conversions) as conversions
from named
group by session_date, device_category, visitor_type, country
order by session_date, device_category, visitor_type, country
