-- grain: one row per segment
with totals as (
    select
        segment,
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(transactions) as transactions,
        sum(revenue) as revenue,
        max(largest_revenue) as largest_revenue,
        sum(total_pageviews) as pageviews,
        count(distinct session_date) as days,
        min(session_date) as first_date,
        max(session_date) as last_date
    from sessions
    group by segment
),
segments as (
    select segment from totals
    union all
    select '(all)' from (select 1 as one) as once where not exists (select 1 from totals)
)
select
    segments.segment,
    coalesce(totals.sessions, 0) as sessions,
    coalesce(totals.conversions, 0) as conversions,
    totals.conversions / nullif(totals.sessions, 0) as conversion_rate,
    coalesce(totals.transactions, 0) as transactions,
    coalesce(totals.revenue, 0) as revenue,
    totals.revenue / nullif(totals.conversions, 0) as revenue_per_conversion,
    totals.revenue / nullif(totals.sessions, 0) as revenue_per_session,
    totals.largest_revenue,
    coalesce(totals.pageviews, 0) as pageviews,
    coalesce(totals.days, 0) as days,
    totals.first_date,
    totals.last_date
from segments
left join totals on totals.segment = segments.segment
order by sessions desc nulls last, segments.segment
