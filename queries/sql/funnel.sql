-- grain: one row per segment and funnel step
with depth as (
    select
        segment,
        step,
        sum(sessions) as sessions
    from sessions
    group by segment, step
),
segments as (
    select segment from depth group by segment
    union all
    select '(all)' from (select 1 as one) as once where not exists (select 1 from depth)
),
reach as (
    select
        segments.segment,
        steps.position,
        steps.step,
        steps.definition,
        coalesce(sum(depth.sessions), 0) as reached
    from segments
    cross join steps
    left join depth on depth.segment = segments.segment and depth.step >= steps.position
    group by segments.segment, steps.position, steps.step, steps.definition
),
paired as (
    select
        segment,
        position,
        step,
        definition,
        reached,
        first_value(reached) over (partition by segment order by position) as entered,
        lead(reached) over (partition by segment order by position) as completed
    from reach
)
select
    segment,
    position,
    step,
    definition,
    reached,
    entered,
    reached / nullif(entered, 0) as share_of_first,
    completed,
    completed / nullif(reached, 0) as completion_rate,
    reached - completed as abandonments,
    (reached - completed) / nullif(reached, 0) as abandonment_rate
from paired
order by max(reached) over (partition by segment) desc nulls last, segment, position
