-- whether any of several values, joined by |, may need more than to be taken as it is (see macro_dimension)
create or replace temp macro is_odd(joined) as
    strlen(joined) > 500
    or regexp_matches(
        joined,
        '(?i)[\x00-\x1f\x7f]| (\||$)|(^|\|)( |\||$|null|nan|none|\\n|n/a|#n/a|<na>|<null>|undefined|not set|<other>|\(other\)|\(not provided\)|\(data deleted\)|not available in demo dataset|unknown\.unknown)'
    )
