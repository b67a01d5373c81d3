-- true or false from a text such as true, Yes, 1 or 1.0, or NULL
create or replace temp macro truth(value) as
    try_cast(regexp_replace(trim(value), '^([01])\.0+$', '\1') as boolean)
