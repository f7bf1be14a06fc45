-- What sources took back: the claim that was closed, and what the same article says instead.
SELECT
    closed.closed_at,
    closed.brand,
    closed.kind,
    closed.subject,
    closed.value AS said,
    closed.evidence,
    later.value AS says_now,
    later.evidence AS evidence_now,
    closed.outlet,
    closed.url
FROM facts AS closed
LEFT JOIN facts AS later ON later.id = (
    SELECT max(f.id) FROM facts AS f
    WHERE f.url = closed.url AND f.brand = closed.brand AND f.kind = closed.kind AND f.subject = closed.subject
        AND f.closed_at IS NULL
)
WHERE closed.closed_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM replays WHERE replays.fact = closed.id AND replays.role = 'lost')
ORDER BY closed.closed_at DESC, closed.id;
