ALTER TABLE visit ADD COLUMN listed INTEGER;
ALTER TABLE source ADD COLUMN failing_since TEXT;
ALTER TABLE source ADD COLUMN trouble TEXT;
ALTER TABLE source ADD COLUMN trouble_since TEXT;
ALTER TABLE source ADD COLUMN told_at TEXT;

CREATE TABLE notice (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL REFERENCES source (name),
    health TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT NOT NULL,
    told_at TEXT NOT NULL
);
CREATE INDEX notice_source ON notice (source);

CREATE TABLE alert_notice (
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    notice TEXT NOT NULL REFERENCES notice (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (alert, notice)
) WITHOUT ROWID;
CREATE INDEX alert_notice_notice ON alert_notice (notice);

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

DROP VIEW alerts;
CREATE VIEW alerts AS
SELECT
    alert.id,
    alert.queued_at,
    alert.channel,
    alert.recipient,
    alert.rule,
    alert.digest,
    alert.status,
    alert.reason,
    (SELECT count(*) FROM alert_change AS c WHERE c.alert = alert.id) AS changes,
    coalesce((
        SELECT change.text FROM alert_change AS c JOIN change ON change.id = c.change
        WHERE c.alert = alert.id ORDER BY c.position LIMIT 1
    ), (
        SELECT notice.source || iif(notice.health = 'well', ' is well again', ' is in trouble: ' || notice.reason)
        FROM alert_notice AS n JOIN notice ON notice.id = n.notice
        WHERE n.alert = alert.id ORDER BY n.position LIMIT 1
    )) AS text,
    alert.not_before,
    alert.attempts,
    (SELECT max(a.attempted_at) FROM attempt AS a WHERE a.alert = alert.id) AS last_attempt_at,
    (SELECT a.detail FROM attempt AS a WHERE a.alert = alert.id ORDER BY a.id DESC LIMIT 1) AS last_answer,
    alert.settled_at,
    (SELECT count(*) FROM alert_notice AS n WHERE n.alert = alert.id) AS notices
FROM alert;

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
