-- one row per session, day and origin (a file of this ingest, or an export that the store has): what it adds
copy (
    with stored_parts as (
        select
            session_id,
            visitor_id,
            -1 as turn,
            unnest(
                from_json(
                    parts,
                    '[{
                        "day": "DATE", "export_id": "VARCHAR", "detail": "SMALLINT", "first_at": "BIGINT", "last_at": "BIGINT",
                        "engaged_msec": "BIGINT", "events": "INTEGER", "pageviews": "INTEGER", "engaged": "BOOLEAN",
                        "visit_number": "INTEGER", "is_new": "BOOLEAN", "viewed_item": "BOOLEAN", "added_to_cart": "BOOLEAN",
                        "began_checkout": "BOOLEAN", "device_category": "VARCHAR", "operating_system": "VARCHAR",
                        "browser": "VARCHAR", "country": "VARCHAR", "region": "VARCHAR", "channel_group": "VARCHAR",
                        "traffic_rank": "SMALLINT", "traffic_at": "BIGINT", "source": "VARCHAR", "medium": "VARCHAR",
                        "campaign": "VARCHAR", "landing_rank": "SMALLINT", "landing_at": "BIGINT", "landing_page": "VARCHAR",
                        "hostname": "VARCHAR", "marks": ["BIGINT"]
                    }]'
                ),
                recursive := true
            )
        from stored
        semi join merged_sessions using (session_id)
    ),

    contributions as (
        select
            * exclude (file_no),
            file_no as turn,
            concat('file ', file_no) as origin
        from incoming_parts
        semi join merged_sessions using (session_id)
        union all by name
        select
            *,
            concat('store ', export_id) as origin,
            false as is_rounded,
            cast(null as varchar) as unknown_country
        from stored_parts
    )

    select
        *,
        hash(
            first_at, last_at, engaged_msec, events, pageviews, engaged, visit_number, is_new, viewed_item, added_to_cart,
            began_checkout, device_category, operating_system, browser, country, region, channel_group, traffic_rank,
            traffic_at, source, medium, campaign, landing_rank, landing_at, landing_page, hostname, marks
        ) as content,
        session_id % $shares as share
    from contributions
) to $target (format parquet, compression lz4, partition_by (share))
