-- How often each outlet brought a change first, how many of those were corrected later, and how often the brand itself did.
SELECT
    changes.outlet,
    changes.authority,
    count(*) AS changes_brought,
    sum(EXISTS (
        SELECT 1 FROM changes AS later
        JOIN facts ON facts.brand = later.brand AND facts.kind = later.kind AND facts.subject = later.subject
        WHERE later.brand = changes.brand AND later.kind = changes.kind AND later.subject = changes.subject
            AND later.aspect IS changes.aspect AND later.before_value = changes.after_value
            AND later.change = 'corrected' AND later.detected_at > changes.detected_at
            AND facts.url = changes.url AND facts.closed_at = later.detected_at
    )) AS corrected_later,
    min(changes.detected_at) AS from_date,
    max(changes.detected_at) AS to_date
FROM changes
WHERE changes.outlet IS NOT NULL
GROUP BY changes.outlet, changes.authority
ORDER BY changes_brought DESC, changes.outlet;
