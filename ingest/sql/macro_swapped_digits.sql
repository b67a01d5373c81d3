-- a 64-bit number with the two hexadecimal digits of each byte changed, and half of it: it fits a signed BIGINT
-- the masks are 0x0f0f0f0f0f0f0f0f and 0x0787878787878787
create or replace temp macro swapped_digits(number) as
    cast(((number & 1085102592571150095) << 3) | ((number >> 5) & 542551296285575047) as bigint)
