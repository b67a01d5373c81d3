-- the path of a page, without its query string and fragment
create or replace temp macro page_path(page) as
    split_part(split_part(page, '?', 1), '#', 1)
