-- grain: one row per segment and day, for the $top largest segments; the other segments are one, "(other)"
with cells as (
    select
        segment,
        session_date,
        sum(sessions) as sessions,
        sum(conversions) as conversions
    from sessions
    group by segment, session_date
),
ranked as (
    select segment, row_number() over (order by sum(sessions) desc nulls last, segment) as place
    from cells
    group by segment
),
named as (
    select
        case when ranked.place <= $top then cells.segment else '(other)' end as segment,
        cells.session_date,
        cells.sessions,
        cells.conversions
    from cells
    inner join ranked on ranked.segment = cells.segment
)
select
    segment,
    session_date,
    sum(sessions) as sessions,
    sum(conversions) as conversions
from named
group by segment, session_date
order by segment, session_date
