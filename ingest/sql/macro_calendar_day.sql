-- a day from 20170704 or an ISO date or timestamp, or NULL
create or replace temp macro calendar_day(value) as
    case
        when length(value) = 8 then try_cast(try_strptime(value, '%Y%m%d') as date)
        else try_cast(value as date)
    end
