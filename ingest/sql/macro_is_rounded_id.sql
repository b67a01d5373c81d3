-- whether a spreadsheet turned an id into a number like 2.81772E+18
create or replace temp macro is_rounded_id(value) as
    (value like '%E%' or value like '%e%') and regexp_full_match(value, '\d([.,]\d+)?[eE]\+?\d{1,3}')
