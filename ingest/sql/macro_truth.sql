-- true or false from a text such as true, Yes, 1 or 1.0, or NULL; a boolean is one already
create or replace temp macro truth(value boolean) as value, (value varchar) as
    try_cast(regexp_replace(trim(value), '^([01])\.0+$', '\1') as boolean)
