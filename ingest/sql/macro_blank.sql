-- a trimmed text, or NULL where an export means nothing
create or replace temp macro blank(value) as
    case
        when value is null then null
        when lower(trim(value)) in ('', 'null', 'none', 'nan', 'undefined', '(not set)') then null
        else trim(value)
    end
