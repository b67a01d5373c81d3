-- a country name without case, accents and signs
create or replace temp macro country_key(name) as
    translate(lower(strip_accents(name)), ' .,''’()-&/[]', '')
