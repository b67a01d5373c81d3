-- a flag from 1, true, 0 or false, or NULL
create or replace temp macro is_yes(value) as
    case
        when list_contains(['1', 'true', '1.0'], lower(trim(value))) then true
        when list_contains(['0', 'false', '0.0'], lower(trim(value))) then false
    end
