-- grain: one row per segment and visit_group; medians need raw rows; sessions without a measured duration leave the means
with grouped as (
    select
        segment,
        case when conversions > 0 then 'converted' else 'engaged, no order' end as visit_group,
        sessions,
        pageviews,
        duration_seconds
    from sessions
    where conversions > 0 or pageviews >= 5
)
select
    segment,
    visit_group,
    sum(sessions) as sessions,
    sum(pageviews * sessions) / nullif(sum(sessions), 0) as mean_pageviews,
    median(pageviews) as median_pageviews,
    sum(duration_seconds * sessions)
        / nullif(sum(case when duration_seconds is not null then sessions end), 0) as mean_duration_seconds,
    median(duration_seconds) as median_duration_seconds,
    coalesce(sum(case when duration_seconds is not null then sessions end), 0) as sessions_with_duration
from grouped
group by segment, visit_group
order by segment, visit_group
