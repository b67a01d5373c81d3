-- one row per session of a share of the visitors, as ingest/sql/stage.sql writes them
copy (
    select
        * exclude (is_rounded, unknown_country),
        cast(null as varchar) as reject_reason,
        cast(null as varchar) as reject_value,
        cast(null as varchar) as reject_row,
        unknown_country,
        coalesce(is_rounded, false) as is_rounded,
        false as is_order_assumed,
        false as is_cut,
        cast(null as varchar) as unread,
        cast(null as bigint) as export_row,
        cast(null as bigint) as export_rows
    from assembled
) to $target (format parquet, compression lz4)
