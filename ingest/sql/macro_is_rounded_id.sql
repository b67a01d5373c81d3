-- whether a spreadsheet turned an id into a number like 2.81772E+18
create or replace temp macro is_rounded_id(value) as
    regexp_full_match(value, '\d([.,]\d+)?[eE]\+?\d{1,3}')
