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

CREATE TABLE revisit (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    first_read TEXT NOT NULL,
    due TEXT,
    body_hash TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT
);
CREATE INDEX revisit_due ON revisit (due) WHERE due IS NOT NULL;

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
    article TEXT NOT NULL DEFAULT '',

    fingerprint TEXT,
    link INTEGER REFERENCES link (id),
    UNIQUE (url, version)
);
CREATE INDEX document_link ON document (link);
CREATE INDEX document_source ON document (source, id);
CREATE INDEX document_visit ON document (visit);
CREATE INDEX document_page ON document (page);
CREATE INDEX document_fetched ON document (fetched_at);
CREATE INDEX document_article ON document (article);
CREATE INDEX document_text ON document (text_hash);

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
    attributes TEXT,
    due TEXT,
    independent INTEGER NOT NULL DEFAULT 1,
    syndicated INTEGER NOT NULL DEFAULT 0,
    sponsored INTEGER NOT NULL DEFAULT 0,
    UNIQUE (brand, kind, subject)
);
CREATE INDEX belief_fact ON belief (fact);
CREATE INDEX belief_due ON belief (due) WHERE due IS NOT NULL;

CREATE TABLE belief_claim (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,
    standing TEXT NOT NULL DEFAULT 'independent',
    PRIMARY KEY (belief, fact)
) WITHOUT ROWID;
CREATE INDEX belief_claim_fact ON belief_claim (fact);
CREATE INDEX belief_claim_rival ON belief_claim (belief) WHERE role = 'rivals';

CREATE TABLE aspect (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    rule TEXT NOT NULL,
    PRIMARY KEY (belief, name)
) WITHOUT ROWID;
CREATE INDEX aspect_fact ON aspect (fact);

CREATE TABLE aspect_rival (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    value TEXT NOT NULL,
    PRIMARY KEY (belief, name, fact)
) WITHOUT ROWID;
CREATE INDEX aspect_rival_fact ON aspect_rival (fact);

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
    silence TEXT,
    aspect TEXT,
    plan INTEGER REFERENCES fact (id),
    independent INTEGER NOT NULL DEFAULT 1,
    syndicated INTEGER NOT NULL DEFAULT 0,
    sponsored INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX change_subject ON change (brand, kind, subject, seq);
CREATE INDEX change_detected ON change (detected_at);
CREATE INDEX change_visit ON change (visit);
CREATE INDEX change_plan ON change (plan);

CREATE TABLE change_source (
    change TEXT NOT NULL REFERENCES change (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    title TEXT,
    published TEXT,
    authority TEXT NOT NULL,
    outlet TEXT NOT NULL,
    evidence TEXT NOT NULL,
    standing TEXT NOT NULL DEFAULT 'independent',
    PRIMARY KEY (change, position)
) WITHOUT ROWID;

CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    aspect TEXT,
    since TEXT NOT NULL,
    position INTEGER NOT NULL,
    change TEXT NOT NULL,
    before_value TEXT,
    after_value TEXT NOT NULL,
    value TEXT NOT NULL,
    disputed INTEGER NOT NULL,
    text TEXT NOT NULL,
    rule TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    known_from TEXT NOT NULL,
    known_until TEXT
);
CREATE INDEX step_subject ON step (brand, kind, subject, since);
CREATE INDEX step_fact ON step (fact);

CREATE TABLE step_claim (
    step INTEGER NOT NULL REFERENCES step (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    PRIMARY KEY (step, position)
) WITHOUT ROWID;
CREATE INDEX step_claim_fact ON step_claim (fact);

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
    settled_at TEXT,
    tried_since TEXT,
    gathers TEXT,
    notice TEXT
);
CREATE INDEX alert_pending ON alert (channel, seq) WHERE status = 'pending';
CREATE INDEX alert_gathers ON alert (channel, recipient, gathers) WHERE gathers IS NOT NULL;

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

CREATE TABLE channel (
    name TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since TEXT,
    resting_until TEXT,
    disabled_at TEXT,
    reason TEXT,
    told INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE silence (
    id INTEGER PRIMARY KEY,
    added_at TEXT NOT NULL,
    until TEXT NOT NULL,
    brand TEXT,
    kind TEXT,
    channel TEXT,
    note TEXT
);

CREATE TABLE task (
    name TEXT PRIMARY KEY,
    done_at TEXT NOT NULL
);

CREATE TABLE restatement (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document (id),
    restated_at TEXT NOT NULL,
    title TEXT,
    published TEXT,
    published_from TEXT,
    dated TEXT NOT NULL,
    language TEXT,
    text TEXT NOT NULL
);
CREATE INDEX restatement_document ON restatement (document);

CREATE TABLE restated_fact (
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,
    restatement INTEGER NOT NULL REFERENCES restatement (id),
    PRIMARY KEY (fact, role)
) WITHOUT ROWID;
CREATE INDEX restated_fact_restatement ON restated_fact (restatement);

CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    reviewed_at TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL,
    note TEXT,
    url TEXT NOT NULL,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    value TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    made INTEGER REFERENCES fact (id),
    because INTEGER REFERENCES review (id)
);
CREATE INDEX review_subject ON review (brand, kind, subject);
CREATE INDEX review_fact ON review (fact);
CREATE INDEX review_made ON review (made) WHERE made IS NOT NULL;
CREATE INDEX review_because ON review (because) WHERE because IS NOT NULL;

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
    fact.closed_at,
    spoken.role,
    spoken.standing,
    CASE spoken.role WHEN 'supports' THEN belief.independent WHEN 'rivals' THEN (
        SELECT count(*) FROM belief_claim AS c
        WHERE c.belief = belief.id AND c.role = 'rivals' AND c.standing = 'independent'
    ) END AS independent,
    CASE spoken.role WHEN 'supports' THEN belief.syndicated WHEN 'rivals' THEN (
        SELECT count(*) FROM belief_claim AS c
        WHERE c.belief = belief.id AND c.role = 'rivals' AND c.standing = 'syndicated'
    ) END AS syndicated,
    CASE spoken.role WHEN 'supports' THEN belief.sponsored WHEN 'rivals' THEN (
        SELECT count(*) FROM belief_claim AS c
        WHERE c.belief = belief.id AND c.role = 'rivals' AND c.standing = 'sponsored'
    ) END AS sponsored,
    CASE
        WHEN judged.made = fact.id THEN 'accept'
        WHEN judged.verdict <> 'undo' THEN judged.verdict
    END AS verdict,
    CASE WHEN judged.verdict <> 'undo' THEN judged.reviewer END AS reviewer
FROM fact
JOIN document ON document.id = fact.document
LEFT JOIN belief_claim AS spoken ON spoken.fact = fact.id
LEFT JOIN belief ON belief.id = spoken.belief
LEFT JOIN review AS judged ON judged.id = max(
    coalesce((
        SELECT max(r.id) FROM reviews AS r
        WHERE r.brand = fact.brand AND r.kind = fact.kind AND r.subject = fact.subject AND r.value = fact.value
            AND r.url = document.url AND r.in_force
    ), 0),
    coalesce((SELECT max(r.id) FROM reviews AS r WHERE r.made = fact.id AND r.in_force), 0)
);

CREATE VIEW state AS
SELECT
    belief.brand,
    belief.kind,
    belief.subject,
    belief.value,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.count') AS count,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.qualifier') AS qualifier,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.status') AS status,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.scope') AS scope,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.market') AS market,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.basis') AS basis,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.model') AS model,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.stage') AS stage,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.markets') AS markets,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.segment') AS segment,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.platform') AS platform,
    json_extract(coalesce(belief.attributes, fact.attributes), '$.when') AS dated,
    json_extract(fact.attributes, '$.hedged') AS hedged,
    json_extract(fact.attributes, '$.evidence') AS evidence,
    document.url,
    document.title,
    document.published,
    document.outlet,
    document.authority,
    belief.rule,
    (SELECT count(*) FROM belief_claim AS c WHERE c.belief = belief.id AND c.role = 'supports') AS supports,
    (SELECT count(*) FROM belief_claim AS c WHERE c.belief = belief.id AND c.role = 'rivals') AS rivals,
    EXISTS (SELECT 1 FROM belief_claim AS c WHERE c.belief = belief.id AND c.role = 'rivals') AS disputed,
    belief.since,
    belief.updated_at,
    belief.fact,
    belief.independent,
    belief.syndicated,
    belief.sponsored,
    belief.due,
    (
        SELECT group_concat(DISTINCT r.name) FROM aspect_rival AS r WHERE r.belief = belief.id
    ) AS disputed_attributes
FROM belief
JOIN fact ON fact.id = belief.fact
JOIN document ON document.id = fact.document;

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
    (
        SELECT count(*) FROM alert_change AS a JOIN alert ON alert.id = a.alert
        WHERE a.change = change.id AND alert.status <> 'silenced'
    ) AS alerts,
    CASE
        WHEN EXISTS (
            SELECT 1 FROM alert_change AS a JOIN alert ON alert.id = a.alert
            WHERE a.change = change.id AND alert.status <> 'silenced'
        ) THEN NULL
        ELSE coalesce(change.silence, (
            SELECT alert.reason FROM alert_change AS a JOIN alert ON alert.id = a.alert
            WHERE a.change = change.id LIMIT 1
        ), 'no alert rule asks for it')
    END AS silence,
    change.visit AS check_id,
    change.aspect,
    change.plan,
    change.independent,
    change.syndicated,
    change.sponsored,
    CASE
        WHEN NOT EXISTS (
            SELECT 1 FROM alert_change AS a JOIN alert ON alert.id = a.alert
            WHERE a.change = change.id AND alert.status <> 'silenced'
        ) THEN 'silent'
        WHEN EXISTS (
            SELECT 1 FROM alert_change AS a JOIN alert ON alert.id = a.alert
            WHERE a.change = change.id
                AND alert.status <> 'silenced'
                AND (alert.status <> 'pending' OR alert.attempts > 0 OR alert.not_before <= alert.queued_at)
        ) THEN 'told'
        ELSE 'held'
    END AS fate
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
    coalesce(json_extract(alert.notice, '$.subject'), (
        SELECT change.text FROM alert_change AS c JOIN change ON change.id = c.change
        WHERE c.alert = alert.id ORDER BY c.position LIMIT 1
    )) AS text,
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

CREATE VIEW steps AS
SELECT
    step.id,
    step.brand,
    step.kind,
    step.subject,
    step.aspect,
    step.since,
    step.position,
    step.change,
    step.before_value,
    step.after_value,
    step.value,
    step.disputed,
    step.text,
    step.rule,
    json_extract(fact.attributes, '$.evidence') AS evidence,
    document.url,
    document.title,
    document.published,
    document.outlet,
    document.authority,
    step.fact,
    step.known_from,
    step.known_until
FROM step
JOIN fact ON fact.id = step.fact
JOIN document ON document.id = fact.document;

CREATE VIEW plans AS
SELECT
    plan.brand,
    plan.kind,
    plan.subject,
    plan.value,
    json_extract(plan.attributes, '$.when') AS dated,
    plan.due,
    CASE plan.kind
        WHEN 'market_entry' THEN EXISTS (
            SELECT 1 FROM belief AS real
            WHERE real.brand = plan.brand AND real.kind = plan.kind
                AND real.subject = substr(plan.subject, 1, length(plan.subject) - length(', planned'))
                AND real.value = 'entered'
        )
        WHEN 'market_count' THEN EXISTS (
            SELECT 1 FROM belief AS real
            WHERE real.brand = plan.brand AND real.kind = plan.kind
                AND real.subject = substr(plan.subject, 1, length(plan.subject) - length(', planned'))
                AND json_extract(real.attributes, '$.count') >= json_extract(plan.attributes, '$.count')
        )
        ELSE 0
    END AS kept,
    (SELECT count(*) FROM aspect_rival AS r WHERE r.belief = plan.id AND r.name = 'when') > 0 AS date_disputed,
    document.published AS told,
    document.outlet,
    document.authority,
    json_extract(fact.attributes, '$.evidence') AS evidence,
    document.url,
    plan.fact
FROM belief AS plan
JOIN fact ON fact.id = plan.fact
JOIN document ON document.id = fact.document
WHERE json_extract(plan.attributes, '$.status') = 'planned'
    OR json_extract(plan.attributes, '$.stage') IN ('teased', 'confirmed');

CREATE VIEW replays AS
SELECT
    restatement.restated_at,
    restated_fact.role,
    fact.id AS fact,
    fact.kind,
    fact.brand,
    fact.subject,
    fact.value,
    json_extract(fact.attributes, '$.evidence') AS evidence,
    document.id AS document,
    document.url,
    document.source
FROM restated_fact
JOIN restatement ON restatement.id = restated_fact.restatement
JOIN fact ON fact.id = restated_fact.fact
JOIN document ON document.id = restatement.document;

CREATE VIEW reviews AS
SELECT
    review.id,
    review.reviewed_at,
    review.reviewer,
    review.verdict,
    review.note,
    review.brand,
    review.kind,
    review.subject,
    review.value,
    corrected.subject AS corrected_subject,
    corrected.value AS corrected_value,
    corrected.attributes AS correction,
    review.url,
    NOT EXISTS (
        SELECT 1 FROM review AS later
        WHERE later.brand = review.brand AND later.kind = review.kind AND later.subject = review.subject
            AND later.value = review.value AND later.url = review.url AND later.id > review.id
            AND later.verdict <> 'overruled'
    ) AND (
        review.because IS NULL
        OR NOT EXISTS (
            SELECT 1 FROM review AS later
            WHERE later.brand = cause.brand AND later.kind = cause.kind AND later.subject = cause.subject
                AND later.value = cause.value AND later.url = cause.url AND later.id > cause.id
                AND later.verdict <> 'overruled'
        )
    ) AS in_force,
    review.fact,
    review.made,
    review.because
FROM review
LEFT JOIN review AS cause ON cause.id = review.because
LEFT JOIN fact AS corrected ON corrected.id = review.made;
