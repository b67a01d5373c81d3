-- grain: one row per segment; needs raw rows, because distinct visitors cannot be added up
select
    segment,
    count(distinct visitor_id) as visitors,
    sum(sessions) as sessions,
    sum(sessions) / nullif(count(distinct visitor_id), 0) as sessions_per_visitor
from sessions
group by segment
order by sessions desc nulls last, segment
