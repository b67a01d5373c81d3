-- 63 bits of the MD5 of a text: fits a signed BIGINT
create or replace temp macro fingerprint(text) as
    cast(md5_number_lower(text) >> 1 as bigint)
