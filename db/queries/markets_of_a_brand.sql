-- In which markets a brand is, is going to be, or was: each with the earliest source. Put the brand in the first line.
WITH asked (brand) AS (VALUES ('smart'))
SELECT state.market, state.status, state.dated, state.disputed, min(facts.published) AS first_said, facts.outlet, facts.url
FROM state
JOIN asked ON asked.brand = state.brand
JOIN facts ON facts.brand = state.brand AND facts.kind = state.kind AND facts.subject = state.subject
    AND facts.closed_at IS NULL AND coalesce(facts.verdict, 'accept') = 'accept'
WHERE state.kind = 'market_entry'
    AND NOT EXISTS (SELECT 1 FROM plans WHERE plans.fact = state.fact AND plans.kept)
GROUP BY state.subject
ORDER BY state.status, state.due IS NULL, state.due, state.market;
