-- The first schema. Never edited once released; db/schema.sql explains every column.

CREATE TABLE source (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    brand TEXT,
    authority TEXT NOT NULL,
    outlet TEXT NOT NULL,
    language TEXT,
    rhythm TEXT NOT NULL,
    alert_on_first INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    configured INTEGER NOT NULL,
    added_at TEXT NOT NULL,
    next_due TEXT NOT NULL,
    leased_until TEXT,
    baseline_at TEXT,
    moved_url TEXT,
    body_hash TEXT,
    page TEXT REFERENCES page (hash) ON DELETE SET NULL,
    etag TEXT,
    last_modified TEXT,
    last_checked_at TEXT,
    last_good_at TEXT,
    last_outcome TEXT,
    last_reason TEXT,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX source_due ON source (next_due) WHERE configured AND enabled;
CREATE INDEX source_page ON source (page);

CREATE TABLE visit (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL REFERENCES source (name),
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    requests INTEGER NOT NULL,
    baseline INTEGER NOT NULL,
    body_hash TEXT,
    links INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    facts INTEGER NOT NULL
);
CREATE INDEX visit_source ON visit (source, id);
CREATE INDEX visit_recorded ON visit (recorded_at);

CREATE TABLE page (
    hash TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL,
    stored_at TEXT NOT NULL
);

CREATE TABLE link (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL REFERENCES source (name),
    url TEXT NOT NULL,
    title TEXT,
    published TEXT,
    mark TEXT,
    language TEXT,
    text TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before TEXT,
    reason TEXT,
    baseline INTEGER NOT NULL,
    found_at TEXT NOT NULL,
    settled_at TEXT,
    UNIQUE (source, url)
);
CREATE INDEX link_waiting ON link (source, id) WHERE state = 'waiting';
CREATE INDEX link_known ON link (source, id);

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL REFERENCES source (name),
    visit INTEGER NOT NULL REFERENCES visit (id),
    outlet TEXT NOT NULL,
    authority TEXT NOT NULL,
    living INTEGER NOT NULL,
    title TEXT,
    published TEXT,
    published_from TEXT,
    dated TEXT NOT NULL,
    language TEXT,
    text TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    baseline INTEGER NOT NULL,
    fetched_at TEXT NOT NULL,
    page TEXT REFERENCES page (hash) ON DELETE SET NULL,
    page_url TEXT,
    content_type TEXT,
    UNIQUE (url, version)
);
CREATE INDEX document_source ON document (source, id);
CREATE INDEX document_visit ON document (visit);
CREATE INDEX document_page ON document (page);
CREATE INDEX document_fetched ON document (fetched_at);

CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document (id),
    visit INTEGER NOT NULL REFERENCES visit (id),
    kind TEXT NOT NULL,
    brand TEXT NOT NULL,
    subject TEXT NOT NULL,
    value TEXT NOT NULL,
    attributes TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    closed_at TEXT,
    closed_by INTEGER REFERENCES visit (id)
);
CREATE INDEX fact_subject ON fact (brand, kind, subject, id);
CREATE INDEX fact_document ON fact (document);
CREATE INDEX fact_visit ON fact (visit);
CREATE INDEX fact_closed_by ON fact (closed_by);

CREATE TABLE belief (
    id INTEGER PRIMARY KEY,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    value TEXT NOT NULL,
    rule TEXT NOT NULL,
    since TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (brand, kind, subject)
);
CREATE INDEX belief_fact ON belief (fact);

CREATE TABLE belief_claim (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,
    PRIMARY KEY (belief, fact)
) WITHOUT ROWID;
CREATE INDEX belief_claim_fact ON belief_claim (fact);

CREATE TABLE change (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    visit INTEGER REFERENCES visit (id),
    detected_at TEXT NOT NULL,
    since TEXT NOT NULL,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    change TEXT NOT NULL,
    before_value TEXT,
    after_value TEXT,
    before TEXT,
    after TEXT,
    text TEXT NOT NULL,
    rule TEXT NOT NULL,
    silence TEXT
);
CREATE INDEX change_subject ON change (brand, kind, subject, seq);
CREATE INDEX change_detected ON change (detected_at);
CREATE INDEX change_visit ON change (visit);

CREATE TABLE change_source (
    change TEXT NOT NULL REFERENCES change (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    title TEXT,
    published TEXT,
    authority TEXT NOT NULL,
    outlet TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (change, position)
) WITHOUT ROWID;

CREATE TABLE alert (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    rule TEXT NOT NULL,
    digest INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    queued_at TEXT NOT NULL,
    not_before TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    leased_until TEXT,
    settled_at TEXT
);
CREATE INDEX alert_pending ON alert (channel, seq) WHERE status = 'pending';

CREATE TABLE alert_change (
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    change TEXT NOT NULL REFERENCES change (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (alert, change)
) WITHOUT ROWID;
CREATE INDEX alert_change_change ON alert_change (change);

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    attempted_at TEXT NOT NULL,
    answer TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX attempt_alert ON attempt (alert, id);

CREATE VIEW facts AS
SELECT
    fact.id,
    fact.kind,
    fact.brand,
    fact.subject,
    fact.value,
    json_extract(fact.attributes, '$.count') AS count,
    json_extract(fact.attributes, '$.qualifier') AS qualifier,
    json_extract(fact.attributes, '$.status') AS status,
    json_extract(fact.attributes, '$.scope') AS scope,
    json_extract(fact.attributes, '$.market') AS market,
    json_extract(fact.attributes, '$.basis') AS basis,
    json_extract(fact.attributes, '$.model') AS model,
    json_extract(fact.attributes, '$.stage') AS stage,
    json_extract(fact.attributes, '$.markets') AS markets,
    json_extract(fact.attributes, '$.segment') AS segment,
    json_extract(fact.attributes, '$.platform') AS platform,
    json_extract(fact.attributes, '$.when') AS dated,
    json_extract(fact.attributes, '$.hedged') AS hedged,
    json_extract(fact.attributes, '$.evidence') AS evidence,
    json_extract(fact.attributes, '$.start') AS start,
    json_extract(fact.attributes, '$.end') AS "end",
    document.url,
    document.title,
    document.published,
    document.outlet,
    document.authority,
    document.source,
    document.language,
    fact.document,
    fact.recorded_at,
    fact.closed_at
FROM fact
JOIN document ON document.id = fact.document;

CREATE VIEW state AS
SELECT
    belief.brand,
    belief.kind,
    belief.subject,
    belief.value,
    facts.count,
    facts.qualifier,
    facts.status,
    facts.scope,
    facts.market,
    facts.basis,
    facts.model,
    facts.stage,
    facts.markets,
    facts.segment,
    facts.platform,
    facts.dated,
    facts.hedged,
    facts.evidence,
    facts.url,
    facts.title,
    facts.published,
    facts.outlet,
    facts.authority,
    belief.rule,
    (SELECT count(*) FROM belief_claim AS c WHERE c.belief = belief.id AND c.role = 'supports') AS supports,
    (SELECT count(*) FROM belief_claim AS c WHERE c.belief = belief.id AND c.role = 'rivals') AS rivals,
    EXISTS (SELECT 1 FROM belief_claim AS c WHERE c.belief = belief.id AND c.role = 'rivals') AS disputed,
    belief.since,
    belief.updated_at,
    belief.fact
FROM belief
JOIN facts ON facts.id = belief.fact;

CREATE VIEW changes AS
SELECT
    change.id,
    change.detected_at,
    change.since,
    change.brand,
    change.kind,
    change.subject,
    change.change,
    change.before_value,
    change.after_value,
    change.text,
    change.rule,
    change.before,
    change.after,
    cited.url,
    cited.title,
    cited.published,
    cited.outlet,
    cited.authority,
    cited.evidence,
    (SELECT count(*) FROM change_source AS s WHERE s.change = change.id) AS sources,
    (SELECT count(*) FROM alert_change AS a WHERE a.change = change.id) AS alerts,
    CASE
        WHEN EXISTS (SELECT 1 FROM alert_change AS a WHERE a.change = change.id) THEN NULL
        ELSE coalesce(change.silence, 'no alert rule asks for it')
    END AS silence,
    change.visit AS check_id
FROM change
LEFT JOIN change_source AS cited ON cited.change = change.id AND cited.position = 0;

CREATE VIEW documents AS
SELECT
    document.id,
    document.url,
    document.version,
    document.version = (SELECT max(d.version) FROM document AS d WHERE d.url = document.url) AS latest,
    document.title,
    document.published,
    document.published_from,
    document.dated,
    document.language,
    document.outlet,
    document.authority,
    document.source,
    document.fetched_at,
    document.baseline,
    length(document.text) AS characters,
    (SELECT count(*) FROM fact WHERE fact.document = document.id) AS facts,
    document.page IS NOT NULL AS page_kept,
    document.visit AS check_id
FROM document;

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
    (SELECT count(*) FROM change WHERE change.visit = visit.id) AS changes
FROM visit;

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
    (
        SELECT change.text FROM alert_change AS c JOIN change ON change.id = c.change
        WHERE c.alert = alert.id ORDER BY c.position LIMIT 1
    ) AS text,
    alert.not_before,
    alert.attempts,
    (SELECT max(a.attempted_at) FROM attempt AS a WHERE a.alert = alert.id) AS last_attempt_at,
    (SELECT a.detail FROM attempt AS a WHERE a.alert = alert.id ORDER BY a.id DESC LIMIT 1) AS last_answer,
    alert.settled_at
FROM alert;

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
    (SELECT count(*) FROM document WHERE document.source = source.name) AS documents
FROM source;
