-- an amount from a text such as 1234.5, 1,234.50 or 1.234,50, or NULL; 1,234 may mean two amounts and is NULL; a decimal is one already
create or replace temp macro decimal_number(value decimal(18, 6)) as value, (value varchar) as
    coalesce(
        try_cast(value as decimal(18, 6)),
        case
            when regexp_full_match(value, '\s*-?\d{1,3}(,\d{3})+\.\d+\s*') or regexp_full_match(value, '\s*-?\d{1,3}(,\d{3}){2,}\s*')
                then try_cast(replace(value, ',', '') as decimal(18, 6))
            when regexp_full_match(value, '\s*-?\d{1,3}(\.\d{3})+,\d+\s*') or regexp_full_match(value, '\s*-?\d+,(\d{1,2}|\d{4,})\s*')
                then try_cast(replace(replace(value, '.', ''), ',', '.') as decimal(18, 6))
        end
    )
