-- grain: one row per country
select
    country,
    sum(sessions) as sessions,
    sum(conversions) as conversions,
    sum(conversions) / nullif(sum(sessions), 0) as conversion_rate,
    sum(transactions) as transactions,
    sum(revenue) as revenue,
    sum(sessions) >= $min_sessions as enough
from sessions
group by country
order by sessions desc nulls last, country
