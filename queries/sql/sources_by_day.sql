-- grain: one row per source and day, for the $top largest sources
with cells as (
    select
        source,
        session_date,
        sum(sessions) as sessions,
        sum(conversions) as conversions
    from sessions
    group by source, session_date
),
ranked as (
    select source, row_number() over (order by sum(sessions) desc nulls last, source) as source_rank
    from cells
    group by source
)
select
    ranked.source_rank,
    cells.source,
    cells.session_date,
    cells.sessions,
    cells.conversions
from cells
inner join ranked on ranked.source = cells.source
where ranked.source_rank <= $top
order by ranked.source_rank, cells.session_date
