-- the host of a page's address, or NULL
create or replace temp macro location_host(location) as
    lower(nullif(regexp_extract(location, '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#:]+)', 1), ''))
