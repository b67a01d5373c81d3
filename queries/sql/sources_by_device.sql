-- grain: one row per source and device_category; the sources after $top are one row, and all sources another
with cells as (
    select
        source,
        device_category,
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(revenue) as revenue
    from sessions
    group by source, device_category
),
ranked as (
    select source, row_number() over (order by sum(sessions) desc nulls last, source) as source_rank
    from cells
    group by source
),
placed as (
    select
        least(ranked.source_rank, $top + 1) as source_rank,
        case when ranked.source_rank <= $top then 'source' else 'more' end as row_kind,
        cells.*
    from cells
    inner join ranked on ranked.source = cells.source
    union all
    select $top + 2, 'all', cells.* from cells
),
spread as (
    select source_rank, row_kind, source, device_category, sessions, conversions, revenue from placed
    union all
    select source_rank, row_kind, source, '(all)', sessions, conversions, revenue from placed
),
mean as (
    select sum(conversions) / nullif(sum(sessions), 0) as rate from cells
),
counted as (
    select
        source_rank,
        row_kind,
        case row_kind when 'source' then min(source) when 'more' then '(more)' else '(all)' end as source,
        count(distinct source) as sources,
        device_category,
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(revenue) as revenue
    from spread
    group by source_rank, row_kind, device_category
)
select
    counted.source_rank,
    counted.row_kind,
    counted.source,
    counted.sources,
    counted.device_category,
    counted.sessions,
    counted.conversions,
    counted.conversions / nullif(counted.sessions, 0) as conversion_rate,
    counted.sessions * mean.rate as expected,
    (counted.conversions + $prior_sessions * mean.rate) / nullif(counted.sessions + $prior_sessions, 0) as shrunk_rate,
    (counted.conversions + $prior_sessions * mean.rate)
        / nullif(counted.sessions + $prior_sessions, 0) / nullif(mean.rate, 0) as shrunk_ratio,
    counted.revenue,
    coalesce(counted.sessions * mean.rate >= 1, false) as enough
from counted
cross join mean
order by counted.source_rank, counted.device_category
