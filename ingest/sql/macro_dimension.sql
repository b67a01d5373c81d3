-- a dimension value: trimmed, without control characters, at most 500 long, or (not set)
-- list_contains, because an IN list becomes a join, which a CASE cannot skip; translate only where it must: it is slow
create or replace temp macro dimension(value, is_odd) as
    case
        when not is_odd then coalesce(value, '(not set)')
        when value is null
            or list_contains([
                '', 'null', 'nan', 'none', '\n', 'n/a', '#n/a', '<na>', '<null>', 'undefined', '(not set)', 'not set', '<other>', '(other)', '(not provided)',
                '(data deleted)', 'not available in demo dataset', 'unknown.unknown'
            ], lower(trim(value))) then '(not set)'
        when regexp_matches(value, '[\x00-\x1f\x7f]')
            then left(trim(translate(value, getvariable('control_characters'), '   ')), 500)
        else left(trim(value), 500)
    end
