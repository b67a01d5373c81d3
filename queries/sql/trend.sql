-- grain: one row per segment and day that has sessions
select
    segment,
    session_date,
    sum(sessions) as sessions,
    sum(conversions) as conversions,
    sum(conversions) / nullif(sum(sessions), 0) as conversion_rate,
    sum(transactions) as transactions,
    sum(revenue) as revenue
from sessions
group by segment, session_date
order by segment, session_date
