-- a flat GA360 export, one row per visit
copy (
    select
        visitor + 1000000000000000 as fullVisitorId,
        started as visitId,
        visit_number as visitNumber,
        started as visitStartTime,
        strftime(day, '%Y%m%d') as date,
        channel as channelGrouping,
        device as deviceCategory,
        os as operatingSystem,
        browser,
        country,
        region,
        source,
        medium,
        campaign,
        page as landingPagePath,
        'shop.example.com' as hostname,
        pageviews,
        pageviews + 3 as hits,
        if(pageviews > 1, seconds, null) as timeOnSite,
        if(orders > 0, orders, null) as transactions,
        if(orders > 0, micros, null) as transactionRevenue
    from visits($sessions, $first, $last)
) to $target (format csv, header true)
