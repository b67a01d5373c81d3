-- a day from 20170704, an ISO date or timestamp, or another writing that can be read one way only, or NULL; a date is one
-- already
create or replace temp macro calendar_day(value date) as value, (value varchar) as
    coalesce(
        case when length(value) = 8 then try_cast(try_strptime(value, '%Y%m%d') as date) else try_cast(value as date) end,
        case
            when regexp_full_match(value, '\d{8}\.0+') then try_cast(try_strptime(left(value, 8), '%Y%m%d') as date)
            when regexp_full_match(value, '\d{10}(\d{3}){0,2}(\.\d+)?') then cast(moment(split_part(value, '.', 1)) as date)
            when regexp_matches(value, '^\d{1,2}\.\d{1,2}\.\d{4}\b')
                then try_cast(try_strptime(regexp_extract(value, '^[\d.]+'), '%d.%m.%Y') as date)
            when regexp_matches(value, '^[A-Za-z]{3}|^\d{1,2}[ -][A-Za-z]{3}')
                then try_cast(
                    try_strptime(
                        value, ['%d %b %Y', '%d %B %Y', '%d-%b-%Y', '%b %d, %Y', '%B %d, %Y', '%b %d %Y', '%a, %d %b %Y']
                    ) as date
                )
        end
    )
