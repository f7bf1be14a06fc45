-- How each brand's worldwide number of markets moved, with how much it grew each time.
SELECT
    brand,
    since,
    before_value AS was,
    after_value AS became,
    json_extract(after, '$.count') - json_extract(before, '$.count') AS grew_by,
    change,
    outlet,
    evidence
FROM changes
WHERE kind = 'market_count' AND subject = 'worldwide' AND change <> 'disputed'
ORDER BY brand, since, detected_at;
