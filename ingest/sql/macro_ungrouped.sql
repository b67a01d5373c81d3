-- the digits of a whole number whose thousands are set apart by commas or spaces, as 1,234 or 1 234, or NULL
create or replace temp macro ungrouped(value) as
    case
        when regexp_full_match(value, '[\s\x{a0}\x{202f}]*-?\d{1,3}((,\d{3})*|([ ''\x{a0}\x{202f}]\d{3})*)(\.0+)?[\s\x{a0}\x{202f}]*')
            then regexp_replace(regexp_replace(value, '\.0+\s*$', ''), '[^0-9-]', '', 'g')
    end
