-- one row: how many sessions of a month the store has under a day that may not be theirs any more
select count(*) as sessions
from changed_sessions
where stored_date >= cast($first_day as date)
    and stored_date < cast($first_day as date) + interval 1 month
