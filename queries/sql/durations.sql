-- grain: one row per segment and duration bucket, also empty ones
with placed as (
    select
        segment,
        case
            when coalesce(duration_seconds, 0) <= 0 then 1
            when duration_seconds < 10 then 2
            when duration_seconds < 60 then 3
            when duration_seconds < 180 then 4
            when duration_seconds < 300 then 5
            when duration_seconds < 600 then 6
            when duration_seconds < 1200 then 7
            when duration_seconds <= 3600 then 8
            else 9
        end as position,
        sum(sessions) as sessions,
        sum(conversions) as conversions
    from sessions
    group by 1, 2
),
buckets as (
    select 1 as position, '0 s (not measured)' as bucket
    union all
    select 2, '< 10 s'
    union all
    select 3, '10-60 s'
    union all
    select 4, '1-3 m'
    union all
    select 5, '3-5 m'
    union all
    select 6, '5-10 m'
    union all
    select 7, '10-20 m'
    union all
    select 8, '20-60 m'
    union all
    select 9, '> 60 m'
),
segments as (
    select segment, sum(sessions) as sessions from placed group by segment
    union all
    select '(all)', 0 from (select 1 as one) as once where not exists (select 1 from placed)
)
select
    segments.segment,
    buckets.position,
    buckets.bucket,
    coalesce(placed.sessions, 0) as sessions,
    coalesce(placed.conversions, 0) as conversions,
    placed.conversions / nullif(placed.sessions, 0) as conversion_rate,
    coalesce(placed.sessions, 0) / nullif(segments.sessions, 0) as share
from segments
cross join buckets
left join placed on placed.segment = segments.segment and placed.position = buckets.position
order by segments.sessions desc nulls last, segments.segment, buckets.position
