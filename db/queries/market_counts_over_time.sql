-- How each brand's worldwide number of markets moved, with how much it grew each time.
SELECT brand, since, was, became, count - count_before AS grew_by, change, outlet, evidence
FROM (
    SELECT
        steps.*,
        steps.value AS became,
        facts.count,
        lag(steps.value) OVER course AS was,
        lag(facts.count) OVER course AS count_before
    FROM steps
    JOIN facts ON facts.id = steps.fact
    WHERE steps.kind = 'market_count' AND steps.subject = 'worldwide' AND aspect IS NULL AND known_until IS NULL
    WINDOW course AS (PARTITION BY steps.brand ORDER BY since, position)
)
WHERE became IS NOT was
ORDER BY brand, since, position;
