-- grain: one row per segment and transition between two funnel steps; ceiling in the store's currency
with depth as (
    select
        segment,
        step,
        sum(sessions) as sessions
    from sessions
    group by segment, step
),
orders as (
    select
        segment,
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(revenue) as revenue
    from sessions
    group by segment
),
segments as (
    select segment, sessions, conversions, revenue from orders
    union all
    select '(all)', 0, 0, 0 from (select 1 as one) as once where not exists (select 1 from orders)
),
reach as (
    select
        segments.segment,
        steps.position,
        steps.step,
        coalesce(sum(depth.sessions), 0) as reached
    from segments
    cross join steps
    left join depth on depth.segment = segments.segment and depth.step >= steps.position
    group by segments.segment, steps.position, steps.step
),
transitions as (
    select
        segment,
        position,
        step,
        lead(step) over (partition by segment order by position) as next_step,
        reached - lead(reached) over (partition by segment order by position) as abandonments
    from reach
)
select
    transitions.segment,
    transitions.position,
    transitions.step,
    transitions.next_step,
    transitions.abandonments,
    segments.conversions,
    segments.revenue,
    segments.revenue / nullif(segments.conversions, 0) as revenue_per_conversion,
    transitions.abandonments * (segments.revenue / nullif(segments.conversions, 0)) as ceiling
from transitions
inner join segments on segments.segment = transitions.segment
where transitions.next_step is not null
order by segments.sessions desc nulls last, transitions.segment, transitions.position
