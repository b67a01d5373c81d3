-- one row per visit: drawn from its number alone, on 180 days, in the order of days
create or replace temp macro visits(sessions, first, last) as table (
    with numbered as (
        select
            i,
            (i * 180) // sessions as day_no,
            cast(hash(i) >> 1 as bigint) as h,
            cast(hash(i, 1) >> 1 as bigint) as h1,
            cast(hash(i, 2) >> 1 as bigint) as h2
        from range((first * sessions::bigint + 179) // 180, (last * sessions::bigint + 179) // 180) as numbers(i)
    )

    select
        i,
        h,
        h1,
        date '2024-01-01' + cast(day_no as integer) as day,
        if(h % 10 < 4, h1 % greatest(sessions // 4, 1), i + sessions) as visitor,
        1 + if(h % 10 < 4, h2 % 9, 0) as visit_number,
        1704067200 + day_no * 86400 + (h2 >> 8) % 86000 as started,
        ['desktop', 'mobile', 'tablet'][1 + [0, 0, 0, 0, 1, 1, 1, 1, 1, 2][1 + h1 % 10]] as device,
        ['Windows', 'Android', 'iOS', 'Macintosh', 'Linux', 'Chrome OS'][1 + (h1 >> 4) % 6] as os,
        ['Chrome', 'Safari', 'Edge', 'Firefox', 'Samsung Internet', 'Opera'][1 + (h1 >> 8) % 6] as browser,
        ['United States', 'Germany', 'India', 'United Kingdom', 'Japan', 'France', 'Brazil', 'Türkiye'][1 + (h1 >> 12) % 8] as country,
        concat('Region ', (h1 >> 16) % 300) as region,
        (h1 >> 24) % 5 as channel_no,
        ['google', '(direct)', 'news.example.com', 'facebook.com', 'newsletter'][1 + (h1 >> 24) % 5] as source,
        ['organic', '(none)', 'referral', 'social', 'email'][1 + (h1 >> 24) % 5] as medium,
        ['Organic Search', 'Direct', 'Referral', 'Social', 'Email'][1 + (h1 >> 24) % 5] as channel,
        concat('campaign ', (h1 >> 28) % 40) as campaign,
        concat('/products/', (h2 >> 4) % 5000) as page,
        1 + (h2 >> 16) % 7 as pageviews,
        (h2 >> 20) % 1200 as seconds,
        if((h2 >> 30) % 50 = 0, 1, 0) as orders,
        (500 + (h2 >> 36) % 20000) * 10000 as micros
    from numbered
)
