-- a 32-bit integer from a text such as 12 or 12.0, or NULL
create or replace temp macro whole_number(value) as
    case
        when try_cast(value as double) = trunc(try_cast(value as double))
            then try_cast(try_cast(value as double) as integer)
    end
