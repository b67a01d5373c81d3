-- grain: one row per segment
select
    segment,
    sum(sessions) as sessions,
    sum(conversions) as conversions,
    sum(conversions) / nullif(sum(sessions), 0) as conversion_rate,
    sum(transactions) as transactions,
    sum(revenue) as revenue
from sessions
group by segment
order by sessions desc nulls last, segment
