-- microseconds since 1970 from epoch microseconds, milliseconds or seconds, or an ISO timestamp, or NULL
create or replace temp macro event_micros(value) as
    case
        when try_cast(value as bigint) is null then epoch_us(try_cast(value as timestamp with time zone))
        when try_cast(value as bigint) between 100000000000000 and 9999999999999999 then try_cast(value as bigint)
        when try_cast(value as bigint) between 100000000000 and 99999999999999 then try_cast(value as bigint) * 1000
        when try_cast(value as bigint) between 100000000 and 99999999999 then try_cast(value as bigint) * 1000000
    end
