-- a dimension value: trimmed, without control characters, at most 500 long, or (not set)
create or replace temp macro dimension(value) as
    case
        when value is null
            or lower(trim(value)) in (
                '', 'null', 'nan', 'undefined', '(not set)', 'not set', '<other>', '(other)', '(not provided)',
                '(data deleted)', 'not available in demo dataset', 'unknown.unknown'
            ) then '(not set)'
        else left(trim(translate(value, getvariable('control_characters'), '   ')), 500)
    end
