-- grain: one row per country; enough says that at least $min_sessions were sent and one conversion is expected
with counted as (
    select
        country,
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(transactions) as transactions,
        sum(revenue) as revenue
    from sessions
    group by country
),
total as (
    select
        sum(sessions) as sessions,
        sum(conversions) as conversions,
        sum(conversions) / nullif(sum(sessions), 0) as rate
    from counted
)
select
    counted.country,
    counted.sessions,
    counted.conversions,
    counted.conversions / nullif(counted.sessions, 0) as conversion_rate,
    counted.sessions * total.rate as expected,
    (counted.conversions + $prior_sessions * total.rate) / nullif(counted.sessions + $prior_sessions, 0) as shrunk_rate,
    counted.transactions,
    counted.revenue,
    counted.sessions >= $min_sessions
        and (total.conversions = 0 or counted.sessions * total.conversions >= total.sessions) as enough
from counted
cross join total
order by counted.sessions desc nulls last, counted.country
