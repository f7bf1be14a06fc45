-- Independence, attributes, plans, and the course of each subject in both senses of time.

ALTER TABLE document ADD COLUMN article TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN fingerprint TEXT;
UPDATE document SET article = url;
CREATE INDEX document_article ON document (article);
CREATE INDEX document_text ON document (text_hash);

ALTER TABLE belief ADD COLUMN attributes TEXT;
ALTER TABLE belief ADD COLUMN due TEXT;
ALTER TABLE belief ADD COLUMN independent INTEGER NOT NULL DEFAULT 1;
ALTER TABLE belief ADD COLUMN syndicated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE belief ADD COLUMN sponsored INTEGER NOT NULL DEFAULT 0;
CREATE INDEX belief_due ON belief (due) WHERE due IS NOT NULL;

ALTER TABLE belief_claim ADD COLUMN standing TEXT NOT NULL DEFAULT 'independent';
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

ALTER TABLE change ADD COLUMN aspect TEXT;
ALTER TABLE change ADD COLUMN plan INTEGER REFERENCES fact (id);
ALTER TABLE change ADD COLUMN independent INTEGER NOT NULL DEFAULT 1;
ALTER TABLE change ADD COLUMN syndicated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE change ADD COLUMN sponsored INTEGER NOT NULL DEFAULT 0;
CREATE INDEX change_plan ON change (plan);

ALTER TABLE change_source ADD COLUMN standing TEXT NOT NULL DEFAULT 'independent';

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

-- The steps that were told until now stand for the course until the next claim about a subject brings all of it.
INSERT INTO step (brand, kind, subject, since, position, change, before_value, after_value, value, disputed, text, rule,
    fact, known_from)
SELECT
    brand, kind, subject, since, 0, change, before_value, after_value,
    iif(change = 'disputed', coalesce(before_value, after_value), after_value), change = 'disputed', text, rule,
    claim, detected_at
FROM (
    SELECT change.*, (
        SELECT max(fact.id)
        FROM change_source
        JOIN document ON document.url = change_source.url
        JOIN fact ON fact.document = document.id AND fact.brand = change.brand AND fact.kind = change.kind
            AND fact.subject = change.subject
        WHERE change_source.change = change.id AND change_source.position = 0
    ) AS claim
    FROM change
    ORDER BY change.seq
)
WHERE claim IS NOT NULL AND after_value IS NOT NULL AND change <> 'corrected';
INSERT INTO step_claim (step, position, fact) SELECT id, 0, fact FROM step;

DROP VIEW state;
DROP VIEW facts;
DROP VIEW changes;

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
    ) END AS sponsored
FROM fact
JOIN document ON document.id = fact.document
LEFT JOIN belief_claim AS spoken ON spoken.fact = fact.id
LEFT JOIN belief ON belief.id = spoken.belief;

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
    (SELECT count(*) FROM alert_change AS a WHERE a.change = change.id) AS alerts,
    CASE
        WHEN EXISTS (SELECT 1 FROM alert_change AS a WHERE a.change = change.id) THEN NULL
        ELSE coalesce(change.silence, 'no alert rule asks for it')
    END AS silence,
    change.visit AS check_id,
    change.aspect,
    change.plan,
    change.independent,
    change.syndicated,
    change.sponsored,
    CASE
        WHEN NOT EXISTS (SELECT 1 FROM alert_change AS a WHERE a.change = change.id) THEN 'silent'
        WHEN EXISTS (
            SELECT 1 FROM alert_change AS a JOIN alert ON alert.id = a.alert
            WHERE a.change = change.id
                AND (alert.status <> 'pending' OR alert.attempts > 0 OR alert.not_before <= alert.queued_at)
        ) THEN 'told'
        ELSE 'held'
    END AS fate
FROM change
LEFT JOIN change_source AS cited ON cited.change = change.id AND cited.position = 0;

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
