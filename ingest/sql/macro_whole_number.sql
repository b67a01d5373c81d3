-- a 32-bit integer from a text such as 12, 12.0 or 1,234, or NULL; an integer is one already
create or replace temp macro whole_number(value bigint) as try_cast(value as integer), (value varchar) as
    coalesce(
        case
            when try_cast(value as double) = trunc(try_cast(value as double))
                then try_cast(try_cast(value as double) as integer)
        end,
        case when try_cast(value as double) is null then try_cast(ungrouped(value) as integer) end
    )
