-- a trimmed text, or NULL where an export means nothing; the words for nothing are at most 9 bytes long
create or replace temp macro blank(value) as
    case
        when value is null then null
        when strlen(trim(value)) > 9 then trim(value)
        when list_contains(
            ['', 'null', 'none', 'nan', 'undefined', '(not set)', '\n', 'n/a', '#n/a', '<na>', '<null>', 'nat', '-', '--'],
            lower(trim(value))
        ) then null
        else trim(value)
    end
