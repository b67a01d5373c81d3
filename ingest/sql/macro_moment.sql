-- a time from epoch seconds, milliseconds or microseconds, or an ISO timestamp, or NULL; a timestamp is one already
create or replace temp macro moment(value timestamp with time zone) as value, (value varchar) as
    case
        when try_cast(value as bigint) is null then try_cast(value as timestamp with time zone)
        when try_cast(value as bigint) between 1000000000 and 9999999999
            then to_timestamp(try_cast(value as bigint))
        when try_cast(value as bigint) between 1000000000000 and 9999999999999
            then to_timestamp(try_cast(value as bigint) // 1000)
        when try_cast(value as bigint) between 1000000000000000 and 9999999999999999
            then to_timestamp(try_cast(value as bigint) // 1000000)
    end
