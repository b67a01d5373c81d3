-- an amount from a text of micros (millionths), or NULL; a typed NULL where an export has none
create or replace temp macro micros_number(value bigint) as cast(value * 0.000001::decimal(7, 6) as decimal(18, 6)), (value varchar) as
    cast(
        coalesce(
            try_cast(value as decimal(18, 0)),
            try_cast(ungrouped(value) as decimal(18, 0)),
            try_cast(decimal_number(value) as decimal(18, 0))
        )
        * 0.000001::decimal(7, 6) as decimal(18, 6)
    )
