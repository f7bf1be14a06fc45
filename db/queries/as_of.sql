-- What was so on a day, as it was known on another: put both days in the first line; 9999 means all that is known now.
WITH asked (as_of, known_at) AS (VALUES ('2026-01-05T23:59:59Z', '9999'))
SELECT brand, kind, subject, value, disputed, since, outlet, evidence, url
FROM (
    SELECT steps.*, row_number() OVER (
        PARTITION BY brand, kind, subject ORDER BY since DESC, position DESC
    ) AS place
    FROM steps
    JOIN asked ON steps.since <= asked.as_of AND steps.known_from <= asked.known_at
        AND (steps.known_until IS NULL OR steps.known_until > asked.known_at)
    WHERE aspect IS NULL
)
WHERE place = 1
ORDER BY brand, kind, subject;
