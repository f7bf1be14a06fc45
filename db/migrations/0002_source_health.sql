ALTER TABLE visit ADD COLUMN listed INTEGER;
ALTER TABLE source ADD COLUMN failing_since TEXT;
ALTER TABLE source ADD COLUMN trouble TEXT;
ALTER TABLE source ADD COLUMN trouble_since TEXT;
ALTER TABLE source ADD COLUMN told_at TEXT;

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
    visit.listed
FROM visit;

DROP VIEW sources;
CREATE VIEW sources AS
SELECT
    source.name,
    source.brand,
    source.kind,
    source.url,
    source.moved_url,
    source.authority,
    source.outlet,
    source.configured,
    source.enabled,
    CASE
        WHEN source.trouble IS NOT NULL THEN 'trouble'
        WHEN source.last_outcome IS NULL THEN 'new'
        WHEN source.failures = 0 THEN 'ok'
        ELSE 'failing'
    END AS health,
    source.failures,
    source.last_outcome,
    source.last_reason,
    source.last_checked_at,
    source.last_good_at,
    source.next_due,
    (SELECT count(*) FROM link WHERE link.source = source.name AND link.state = 'waiting') AS waiting,
    (SELECT count(*) FROM document WHERE document.source = source.name) AS documents,
    source.failing_since,
    source.trouble,
    source.trouble_since
FROM source;
