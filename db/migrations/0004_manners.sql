ALTER TABLE source ADD COLUMN gone_at TEXT;

CREATE TABLE pause (
    host TEXT PRIMARY KEY,
    until TEXT NOT NULL
);

DROP INDEX source_due;
CREATE INDEX source_due ON source (next_due) WHERE configured AND enabled AND gone_at IS NULL;

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
        WHEN source.gone_at IS NOT NULL THEN 'gone'
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
    source.trouble_since,
    source.gone_at
FROM source;
