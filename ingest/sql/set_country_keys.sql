-- name without case, accents and signs -> ISO code
set variable country_keys = (
    select map(list(key), list(code))
    from (
        select
            country_key(name) as key,
            min(code) as code
        from (select unnest($names) as name, unnest($codes) as code)
        group by key
    )
)
