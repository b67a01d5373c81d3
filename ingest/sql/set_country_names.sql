-- spelling -> ISO code, as a map: stage.sql may not join. A map is searched from its beginning, so common names come first
set variable country_names = (
    select map(list(name order by place, name), list(code order by place, name))
    from (
        select
            name,
            min(code) as code,
            min(place) as place
        from (
            select
                unnest($names) as name,
                unnest($codes) as code,
                unnest(range(len($names))) as place
        )
        group by name
    )
)
