-- grain: one row per segment and day that has sessions; revenue in the store's currency, duration in seconds
select
    segment,
    session_date,
    sum(sessions) as sessions,
    sum(conversions) as conversions,
    sum(revenue) as revenue,
    sum(pageviews) as pageviews,
    sum(duration_seconds) as duration_seconds,
    coalesce(sum(case when duration_seconds > 0 then sessions end), 0) as sessions_with_duration,
    coalesce(sum(case when pageviews >= 10 then sessions end), 0) as deep_sessions,
    coalesce(sum(case when pageviews = 0 then sessions end), 0) as sessions_without_page,
    coalesce(sum(case when transactions > 0 and revenue = 0 then sessions end), 0) as orders_without_revenue,
    coalesce(sum(case when transactions = 0 and revenue > 0 then sessions end), 0) as revenue_without_order,
    coalesce(sum(case when transactions > 0 and began_checkout is not null then sessions end), 0) as orders_with_steps_known,
    coalesce(sum(case when transactions > 0 and not began_checkout then sessions end), 0) as orders_without_checkout
from sessions
group by segment, session_date
order by segment, session_date
