-- a text without the blanks around it; a date as it is
create or replace temp macro trimmed(value date) as value, (value varchar) as trim(value)
