-- an id as text; digits lose their leading zeros, because some exports have lost them already, and a decimal .0
create or replace temp macro identifier(value) as
    case
        when regexp_full_match(value, '[1-9][0-9]*') then value
        when regexp_full_match(value, '[\s\x{feff}=''"]*[0-9]+(\.0+)?["\s]*')
            then coalesce(nullif(ltrim(regexp_extract(value, '[0-9]+'), '0'), ''), '0')
        else blank(value)
    end
