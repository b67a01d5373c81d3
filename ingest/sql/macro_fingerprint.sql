-- 63 bits of the MD5 of a text: fits a signed BIGINT
-- the same number as md5_number_lower(text) >> 1, which takes DuckDB 2.0 four times as long
create or replace temp macro fingerprint(text) as
    cast(md5_number(text) >> 65 as bigint)
