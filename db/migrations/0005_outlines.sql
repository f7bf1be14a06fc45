ALTER TABLE source ADD COLUMN outline TEXT;
ALTER TABLE visit ADD COLUMN times INTEGER NOT NULL DEFAULT 1;

DROP VIEW checks;
CREATE VIEW checks AS
SELECT
    visit.id,
    visit.source,
    visit.started_at,
    visit.finished_at,
    visit.outcome,
    visit.outcome IN ('ok', 'unchanged') AS good,
    visit.reason,
    visit.requests,
    visit.baseline,
    visit.links,
    visit.documents,
    visit.facts,
    (SELECT count(*) FROM change WHERE change.visit = visit.id) AS changes,
    visit.listed,
    visit.times
FROM visit;
