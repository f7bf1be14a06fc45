-- Sources in trouble, gone for good or whose last check failed, the longest first, with how their kept checks went.
SELECT
    sources.name,
    sources.failures AS failed_in_a_row,
    sources.last_outcome,
    sources.last_reason,
    sources.last_good_at,
    coalesce(sum(checks.times), 0) AS checks,
    sum(checks.good * checks.times) AS good,
    sources.url,
    sources.trouble,
    sources.trouble_since,
    sources.gone_at
FROM sources
LEFT JOIN checks ON checks.source = sources.name AND checks.outcome <> 'skipped'
WHERE sources.health IN ('failing', 'trouble', 'gone') AND sources.configured AND sources.enabled
GROUP BY sources.name
ORDER BY sources.last_good_at, sources.name;
