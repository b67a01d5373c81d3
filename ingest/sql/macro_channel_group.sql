-- GA4's default channel group, by the rules and in the order of support.google.com/analytics/answer/9756891;
-- the sites are the well-known ones of Google's source categories, matched as names within a host
create or replace temp macro channel_group(source_text, medium_text, campaign_text) as (
    with traffic as (
        select
            lower(source_text) as source,
            lower(medium_text) as medium,
            lower(campaign_text) as campaign
    ),

    judged as (
        select
            *,
            regexp_matches(medium, '^(.*cp.*|ppc|retargeting|paid.*)$') as is_paid,
            regexp_matches(campaign, '^(.*(([^a-df-z]|^)shop|shopping).*)$')
            or regexp_matches(
                source,
                '(^|\.)(alibaba|aliexpress|amazon|ebay|etsy|flipkart|igshopping|lazada|mercadolibre|mercadolivre|pricegrabber|rakuten|shopee|shopify|shopping|shopzilla|stripe|taobao|target|temu|walmart|wish)(\.|$)'
            ) as is_shopping,
            regexp_matches(
                source,
                '(^|\.)(360|aol|ask|avg|babylon|baidu|biglobe|bing|brave|cn\.bing|conduit|daum|dogpile|duckduckgo|ecosia|ekolay|eniro|globo|google|incredimail|kvasir|lycos|mojeek|msn|najdi|naver|onet|perplexity|presearch|qwant|rambler|search-results|seznam|so|sogou|startpage|startsiden|swisscows|terra|tut|virgilio|voila|webcrawler|yahoo|yandex|ya|zen)(\.|$)'
            ) as is_search,
            regexp_matches(
                source,
                '(^|\.)(badoo|bebo|blogger|blogspot|bsky|delicious|disqus|facebook|fb|flickr|foursquare|getpocket|goodreads|hootsuite|ig|instagram|l\.facebook|lnkd|line|linkedin|livejournal|lm\.facebook|mastodon|meetup|messenger|mix|myspace|news\.ycombinator|nextdoor|odnoklassniki|ok|pinterest|plurk|quora|reddit|renren|snapchat|stackexchange|stackoverflow|t\.co|telegram|threads|tiktok|tripadvisor|trustpilot|tumblr|twitter|viadeo|vk|vkontakte|weibo|whatsapp|wordpress|x|xing|yammer|yelp)(\.|$)|^t\.co$|^t\.me$'
            ) as is_social,
            regexp_matches(
                source,
                '(^|\.)(crackle|curiositystream|dailymotion|disneyplus|hulu|iqiyi|jwplayer|netflix|rumble|ted|twitch|utreon|veoh|viadeo|vimeo|wistia|youku|youtube|youtu)(\.|$)'
            ) as is_video
        from traffic
    )

    select
        case
            when source = '(direct)' and list_contains(['(not set)', '(none)'], medium) then 'Direct'
            when contains(campaign, 'cross-network') then 'Cross-network'
            when is_shopping and is_paid then 'Paid Shopping'
            when is_search and is_paid then 'Paid Search'
            when is_social and is_paid then 'Paid Social'
            when is_video and is_paid then 'Paid Video'
            when list_contains(['display', 'banner', 'expandable', 'interstitial', 'cpm'], medium) then 'Display'
            when is_paid then 'Paid Other'
            when is_shopping then 'Organic Shopping'
            when is_social
                or list_contains(
                    ['social', 'social-network', 'social-media', 'sm', 'social network', 'social media'], medium
                ) then 'Organic Social'
            when is_video or contains(medium, 'video') then 'Organic Video'
            when is_search or medium = 'organic' then 'Organic Search'
            when list_contains(['referral', 'app', 'link'], medium) then 'Referral'
            when list_contains(['email', 'e-mail', 'e_mail', 'e mail'], source)
                or list_contains(['email', 'e-mail', 'e_mail', 'e mail'], medium) then 'Email'
            when list_contains(['affiliate', 'affiliates'], medium) then 'Affiliates'
            when medium = 'audio' then 'Audio'
            when source = 'sms' or medium = 'sms' then 'SMS'
            when source = 'firebase' or suffix(medium, 'push') or contains(medium, 'mobile')
                or contains(medium, 'notification') then 'Mobile Push Notifications'
            else 'Unassigned'
        end
    from judged
)
