-- GA360's BigQuery export, one object per visit, a hit per page
copy (
    select
        cast(visitor + 1000000000000000 as varchar) as fullVisitorId,
        cast(started as varchar) as visitId,
        cast(visit_number as varchar) as visitNumber,
        cast(started as varchar) as visitStartTime,
        strftime(day, '%Y%m%d') as date,
        channel as channelGrouping,
        {
            'hits': cast(pageviews + 3 as varchar),
            'pageviews': cast(pageviews as varchar),
            'timeOnSite': cast(seconds as varchar),
            'transactions': if(orders > 0, cast(orders as varchar), null),
            'transactionRevenue': if(orders > 0, cast(micros as varchar), null)
        } as totals,
        {'source': source, 'medium': medium, 'campaign': campaign} as trafficSource,
        {'deviceCategory': device, 'operatingSystem': os, 'browser': browser} as device,
        {'country': country, 'region': region} as geoNetwork,
        list_transform(range(pageviews), lambda n: {
            'hitNumber': cast(n + 1 as varchar),
            'time': cast(n * 20000 as varchar),
            'type': 'PAGE',
            'page': {'pagePath': if(n = 0, page, concat(page, '/', n)), 'hostname': 'shop.example.com', 'pageTitle': 'A page'},
            'eCommerceAction': {'action_type': cast(if(n = 1, 2, if(n = 4, 3, 0)) as varchar), 'step': '1'}
        }) as hits
    from visits($sessions, $first, $last)
) to $target (format json)
