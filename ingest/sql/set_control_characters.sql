-- tab, line feed and carriage return come first: dimension() turns these three into spaces and drops the rest
set variable control_characters =
    chr(9) || chr(10) || chr(13)
    || (select string_agg(chr(cast(code as integer)), '' order by code) from range(1, 32) as codes(code) where code not in (9, 10, 13))
    || chr(127)
