-- an id as text; digits lose their leading zeros, because some exports have lost them already
create or replace temp macro identifier(value) as
    case
        when regexp_full_match(value, '[1-9][0-9]*') then value
        when regexp_full_match(value, '\s*[0-9]+\s*') then coalesce(nullif(ltrim(trim(value), '0'), ''), '0')
        else blank(value)
    end
