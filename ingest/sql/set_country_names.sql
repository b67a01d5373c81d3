-- spelling -> ISO code, as a map: stage.sql may not join
set variable country_names = (
    select map(list(name), list(code))
    from (
        select
            name,
            min(code) as code
        from (select unnest($names) as name, unnest($codes) as code)
        group by name
    )
)
