-- the path of a page's address (https://shop.example/cart?x is /cart), or NULL
create or replace temp macro location_path(location) as
    case
        when regexp_matches(location, '^[A-Za-z][A-Za-z0-9+.-]*://')
            then coalesce(nullif(regexp_extract(location, '^[^:]+://[^/?#]*([^?#]*)', 1), ''), '/')
        else page_path(blank(location))
    end
