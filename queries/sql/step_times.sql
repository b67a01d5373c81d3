-- grain: one row per segment and last step reached (0: none); medians need raw rows; seconds of measured sessions only
select
    segment,
    step as last_step,
    sum(sessions) as sessions,
    coalesce(sum(case when duration_seconds > 0 then sessions end), 0) as sessions_with_duration,
    median(case when duration_seconds > 0 then duration_seconds end) as median_duration_seconds
from sessions
group by segment, step
order by segment, last_step
