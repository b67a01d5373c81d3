-- grain: one row per segment and exclusive class of pageviews
with classed as (
    select
        segment,
        case
            when pageviews >= 10 then 4
            when pageviews >= 5 then 3
            when pageviews >= 1 then 2
            else 1
        end as position,
        sum(sessions) as sessions,
        sum(conversions) as conversions
    from sessions
    group by 1, 2
),
stages as (
    select 1 as position, 'Bounced' as stage, 'no page' as definition
    union all
    select 2, 'Browsed', '1 to 4 pages'
    union all
    select 3, 'Engaged', '5 to 9 pages'
    union all
    select 4, 'Deep engagement', '10 pages or more'
),
segments as (
    select segment, sum(sessions) as sessions from classed group by segment
    union all
    select '(all)', 0 from (select 1 as one) as once where not exists (select 1 from classed)
)
select
    segments.segment,
    stages.position,
    stages.stage,
    stages.definition,
    coalesce(classed.sessions, 0) as sessions,
    coalesce(classed.sessions, 0) / nullif(segments.sessions, 0) as share,
    coalesce(classed.conversions, 0) as conversions
from segments
cross join stages
left join classed on classed.segment = segments.segment and classed.position = stages.position
order by segments.sessions desc nulls last, segments.segment, stages.position
