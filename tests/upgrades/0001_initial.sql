-- A whole database as the program left it while 0001_initial was its schema: the newsdesk's three articles, one claim
-- rejected. Never edited; see test_upgrade.py.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'brand-monitor','0001_initial','2026-11-26 19:22:17.580674+00:00');
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
INSERT INTO "alert" VALUES(1,'9e3208ca0e53820b6ffc4fe721528510','screen','screen','everything',0,'pending',NULL,'2026-01-03T09:00:00Z','2026-01-03T09:00:00Z',0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "alert" VALUES(2,'6099318aec6a825b7ce53cb7f317fff4','screen','screen','everything',0,'pending',NULL,'2026-01-04T09:00:00Z','2026-01-04T09:00:00Z',0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "alert" VALUES(3,'9b1d30016c47d0be4f743d23e512b389','screen','screen','everything',0,'pending',NULL,'2026-01-06T12:00:00Z','2026-01-06T12:00:00Z',0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE alert_change (
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    change TEXT NOT NULL REFERENCES change (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (alert, change)
) WITHOUT ROWID;
INSERT INTO "alert_change" VALUES('6099318aec6a825b7ce53cb7f317fff4','9886c6cfba25d299',0);
INSERT INTO "alert_change" VALUES('9b1d30016c47d0be4f743d23e512b389','b650e291ab3dd6f5',0);
INSERT INTO "alert_change" VALUES('9e3208ca0e53820b6ffc4fe721528510','8804ee12f2c59729',0);
CREATE TABLE aspect (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    rule TEXT NOT NULL,
    PRIMARY KEY (belief, name)
) WITHOUT ROWID;
CREATE TABLE aspect_rival (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    value TEXT NOT NULL,
    PRIMARY KEY (belief, name, fact)
) WITHOUT ROWID;
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    attempted_at TEXT NOT NULL,
    answer TEXT NOT NULL,
    detail TEXT NOT NULL
);
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
INSERT INTO "belief" VALUES(1,'smart','market_count','worldwide',2,'39','the brand itself says so','2026-01-03T09:00:00Z','2026-01-06T12:00:00Z','{"kind":"market_count","brand":"smart","count":39,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 39 markets worldwide.","start":18,"end":63}',NULL,1,0,0);
CREATE TABLE belief_claim (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,
    standing TEXT NOT NULL DEFAULT 'independent',
    PRIMARY KEY (belief, fact)
) WITHOUT ROWID;
INSERT INTO "belief_claim" VALUES(1,2,'supports','independent');
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
INSERT INTO "change" VALUES(1,'828185a000483c3c',1,'2026-01-02T09:00:00Z','2026-01-02T00:00:00Z','smart','market_count','worldwide','new',NULL,'38',NULL,'{"kind":"market_count","brand":"smart","count":38,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 38 markets worldwide.","start":22,"end":67}','smart: 38 markets','the first that was said of it','baseline',NULL,NULL,1,0,0);
INSERT INTO "change" VALUES(2,'8804ee12f2c59729',4,'2026-01-03T09:00:00Z','2026-01-03T00:00:00Z','smart','market_count','worldwide','changed','38','39','{"kind":"market_count","brand":"smart","count":38,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 38 markets worldwide.","start":22,"end":67}','{"kind":"market_count","brand":"smart","count":39,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 39 markets worldwide.","start":18,"end":63}','smart: 38 → 39 markets','the brand itself says so',NULL,NULL,NULL,1,0,0);
INSERT INTO "change" VALUES(3,'9886c6cfba25d299',5,'2026-01-04T09:00:00Z','2026-01-03T00:00:00Z','smart','market_count','worldwide','disputed','39','40','{"kind":"market_count","brand":"smart","count":39,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 39 markets worldwide.","start":18,"end":63}','{"kind":"market_count","brand":"smart","count":40,"qualifier":"ordinal","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart has entered its 40th market worldwide.","start":32,"end":76}','smart: 39 → 40 markets, disputed','the sources disagree',NULL,NULL,NULL,2,0,0);
INSERT INTO "change" VALUES(4,'b650e291ab3dd6f5',NULL,'2026-01-06T12:00:00Z','2026-01-03T00:00:00Z','smart','market_count','worldwide','resolved','40','39','{"kind":"market_count","brand":"smart","count":40,"qualifier":"ordinal","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart has entered its 40th market worldwide.","start":32,"end":76}','{"kind":"market_count","brand":"smart","count":39,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 39 markets worldwide.","start":18,"end":63}','smart: 39 markets, dispute resolved by Ann','Ann rejected the claim of trade: asked them',NULL,NULL,NULL,1,0,0);
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
INSERT INTO "change_source" VALUES('828185a000483c3c',0,'https://smart-newsroom.example/news/38','smart closes the year','2026-01-02','official','smart','smart is now present in 38 markets worldwide.','independent');
INSERT INTO "change_source" VALUES('8804ee12f2c59729',0,'https://smart-newsroom.example/news/39','smart grows again','2026-01-03','official','smart','smart is now present in 39 markets worldwide.','independent');
INSERT INTO "change_source" VALUES('9886c6cfba25d299',0,'https://trade-site.example/news/40','smart goes on','2026-01-03','media','trade','smart has entered its 40th market worldwide.','independent');
INSERT INTO "change_source" VALUES('9886c6cfba25d299',1,'https://smart-newsroom.example/news/39','smart grows again','2026-01-03','official','smart','smart is now present in 39 markets worldwide.','independent');
INSERT INTO "change_source" VALUES('b650e291ab3dd6f5',0,'https://smart-newsroom.example/news/39','smart grows again','2026-01-03','official','smart','smart is now present in 39 markets worldwide.','independent');
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
INSERT INTO "document" VALUES(1,'https://smart-newsroom.example/news/38',1,'smart-newsroom',1,'smart','official',0,'smart closes the year','2026-01-02','listing','2026-01-02T00:00:00Z','en','smart closes the year
smart is now present in 38 markets worldwide.','6bd16510aee0e6b67fe37ff2abaff699d5947ad140176590fcd7a56083b43479',1,'2026-01-02T09:00:00Z',NULL,NULL,NULL,'https://smart-newsroom.example/news/38',NULL,1);
INSERT INTO "document" VALUES(2,'https://smart-newsroom.example/news/39',1,'smart-newsroom',4,'smart','official',0,'smart grows again','2026-01-03','listing','2026-01-03T00:00:00Z','en','smart grows again
smart is now present in 39 markets worldwide.','77fa6bd975489eafcbf4bfcbaba95a71714f92e566d13465ed9b02556686e2c2',0,'2026-01-03T09:00:00Z',NULL,NULL,NULL,'https://smart-newsroom.example/news/39',NULL,2);
INSERT INTO "document" VALUES(3,'https://trade-site.example/news/40',1,'trade-site',5,'trade','media',0,'smart goes on','2026-01-03','listing','2026-01-03T00:00:00Z','en','smart goes on
smart has entered its 40th market worldwide.','dcfdbeea241c104d9bdb610254b4a5d812d18886418de5d543d540851948fd23',0,'2026-01-04T09:00:00Z',NULL,NULL,NULL,'https://trade-site.example/news/40',NULL,3);
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
INSERT INTO "fact" VALUES(1,1,1,'market_count','smart','worldwide','38','{"kind":"market_count","brand":"smart","count":38,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 38 markets worldwide.","start":22,"end":67}','2026-01-02T09:00:00Z',NULL,NULL);
INSERT INTO "fact" VALUES(2,2,4,'market_count','smart','worldwide','39','{"kind":"market_count","brand":"smart","count":39,"qualifier":"exact","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart is now present in 39 markets worldwide.","start":18,"end":63}','2026-01-03T09:00:00Z',NULL,NULL);
INSERT INTO "fact" VALUES(3,3,5,'market_count','smart','worldwide','40','{"kind":"market_count","brand":"smart","count":40,"qualifier":"ordinal","status":"current","scope":null,"when":null,"hedged":false,"evidence":"smart has entered its 40th market worldwide.","start":32,"end":76}','2026-01-04T09:00:00Z',NULL,NULL);
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
INSERT INTO "link" VALUES(1,'smart-newsroom','https://smart-newsroom.example/news/38','smart closes the year','2026-01-02',NULL,NULL,NULL,'read',0,NULL,NULL,1,'2026-01-02T09:00:00Z','2026-01-02T09:00:00Z');
INSERT INTO "link" VALUES(2,'smart-newsroom','https://smart-newsroom.example/news/39','smart grows again','2026-01-03',NULL,NULL,NULL,'read',0,NULL,NULL,0,'2026-01-03T09:00:00Z','2026-01-03T09:00:00Z');
INSERT INTO "link" VALUES(3,'trade-site','https://trade-site.example/news/40','smart goes on','2026-01-03',NULL,NULL,NULL,'read',0,NULL,NULL,0,'2026-01-04T09:00:00Z','2026-01-04T09:00:00Z');
CREATE TABLE page (
    hash TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL,
    stored_at TEXT NOT NULL
);
INSERT INTO "page" VALUES('b7d082ee12e91b756ea22e8513b8594eebcf5d39fab813da3cb55794dc888ad7',6,X'789CB3C928C9CDB1030007A30230','2026-01-02T09:00:00Z');
CREATE TABLE restated_fact (
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,
    restatement INTEGER NOT NULL REFERENCES restatement (id),
    PRIMARY KEY (fact, role)
) WITHOUT ROWID;
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
INSERT INTO "review" VALUES(1,'2026-01-06T12:00:00Z','Ann','reject','asked them','https://trade-site.example/news/40','smart','market_count','worldwide','40',3,NULL,NULL);
CREATE TABLE revisit (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    first_read TEXT NOT NULL,
    due TEXT,
    body_hash TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT
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
INSERT INTO "source" VALUES('smart-newsroom','listing','https://smart-newsroom.example/news','smart','official','smart',NULL,'900',0,1,1,'2026-01-02T09:00:00Z','2026-01-03T09:15:00Z',NULL,'2026-01-02T09:00:00Z',NULL,'b7d082ee12e91b756ea22e8513b8594eebcf5d39fab813da3cb55794dc888ad7','b7d082ee12e91b756ea22e8513b8594eebcf5d39fab813da3cb55794dc888ad7',NULL,NULL,'2026-01-03T09:00:00Z','2026-01-03T09:00:00Z','ok',NULL,0);
INSERT INTO "source" VALUES('trade-site','listing','https://trade-site.example/news',NULL,'media','trade',NULL,'900',0,1,1,'2026-01-02T09:00:00Z','2026-01-04T09:15:00Z',NULL,'2026-01-02T09:00:00Z',NULL,'b7d082ee12e91b756ea22e8513b8594eebcf5d39fab813da3cb55794dc888ad7','b7d082ee12e91b756ea22e8513b8594eebcf5d39fab813da3cb55794dc888ad7',NULL,NULL,'2026-01-04T09:00:00Z','2026-01-04T09:00:00Z','ok',NULL,0);
INSERT INTO "source" VALUES('silent-site','listing','https://silent-site.example/news',NULL,'media','silent',NULL,'900',0,1,1,'2026-01-02T09:00:00Z','2026-01-04T09:15:00Z',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-01-04T09:00:00Z',NULL,'dns','the name silent-site.example was not found',2);
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
INSERT INTO "step" VALUES(1,'smart','market_count','worldwide',NULL,'2026-01-02T00:00:00Z',0,'new',NULL,'38','38',0,'smart: 38 markets','the first that was said of it',1,'2026-01-02T09:00:00Z',NULL);
INSERT INTO "step" VALUES(2,'smart','market_count','worldwide',NULL,'2026-01-03T00:00:00Z',0,'changed','38','39','39',0,'smart: 38 → 39 markets','the brand itself says so',2,'2026-01-03T09:00:00Z',NULL);
INSERT INTO "step" VALUES(3,'smart','market_count','worldwide',NULL,'2026-01-03T00:00:00Z',1,'disputed','39','40','39',1,'smart: 39 → 40 markets, disputed','the sources disagree',2,'2026-01-04T09:00:00Z','2026-01-06T12:00:00Z');
CREATE TABLE step_claim (
    step INTEGER NOT NULL REFERENCES step (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    PRIMARY KEY (step, position)
) WITHOUT ROWID;
INSERT INTO "step_claim" VALUES(1,0,1);
INSERT INTO "step_claim" VALUES(2,0,2);
INSERT INTO "step_claim" VALUES(3,1,2);
INSERT INTO "step_claim" VALUES(3,0,3);
CREATE TABLE task (
    name TEXT PRIMARY KEY,
    done_at TEXT NOT NULL
);
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
INSERT INTO "visit" VALUES(1,'smart-newsroom','2026-01-02T09:00:00Z','2026-01-02T09:00:00Z','2026-01-02T09:00:00Z','ok',NULL,2,1,'0209',1,1,1);
INSERT INTO "visit" VALUES(2,'trade-site','2026-01-02T09:00:00Z','2026-01-02T09:00:00Z','2026-01-02T09:00:00Z','ok',NULL,1,1,'0209',0,0,0);
INSERT INTO "visit" VALUES(3,'silent-site','2026-01-02T09:00:00Z','2026-01-02T09:00:00Z','2026-01-02T09:00:00Z','dns','the name silent-site.example was not found',1,0,NULL,0,0,0);
INSERT INTO "visit" VALUES(4,'smart-newsroom','2026-01-03T09:00:00Z','2026-01-03T09:00:00Z','2026-01-03T09:00:00Z','ok',NULL,2,0,'0309',1,1,1);
INSERT INTO "visit" VALUES(5,'trade-site','2026-01-04T09:00:00Z','2026-01-04T09:00:00Z','2026-01-04T09:00:00Z','ok',NULL,2,0,'0409',1,1,1);
INSERT INTO "visit" VALUES(6,'silent-site','2026-01-04T09:00:00Z','2026-01-04T09:00:00Z','2026-01-04T09:00:00Z','dns','the name silent-site.example was not found',1,0,NULL,0,0,0);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX source_due ON source (next_due) WHERE configured AND enabled;
CREATE INDEX source_page ON source (page);
CREATE INDEX visit_source ON visit (source, id);
CREATE INDEX visit_recorded ON visit (recorded_at);
CREATE INDEX link_waiting ON link (source, id) WHERE state = 'waiting';
CREATE INDEX link_known ON link (source, id);
CREATE INDEX revisit_due ON revisit (due) WHERE due IS NOT NULL;
CREATE INDEX document_link ON document (link);
CREATE INDEX document_source ON document (source, id);
CREATE INDEX document_visit ON document (visit);
CREATE INDEX document_page ON document (page);
CREATE INDEX document_fetched ON document (fetched_at);
CREATE INDEX document_article ON document (article);
CREATE INDEX document_text ON document (text_hash);
CREATE INDEX fact_subject ON fact (brand, kind, subject, id);
CREATE INDEX fact_document ON fact (document);
CREATE INDEX fact_visit ON fact (visit);
CREATE INDEX fact_closed_by ON fact (closed_by);
CREATE INDEX belief_fact ON belief (fact);
CREATE INDEX belief_due ON belief (due) WHERE due IS NOT NULL;
CREATE INDEX belief_claim_fact ON belief_claim (fact);
CREATE INDEX belief_claim_rival ON belief_claim (belief) WHERE role = 'rivals';
CREATE INDEX aspect_fact ON aspect (fact);
CREATE INDEX aspect_rival_fact ON aspect_rival (fact);
CREATE INDEX change_subject ON change (brand, kind, subject, seq);
CREATE INDEX change_detected ON change (detected_at);
CREATE INDEX change_visit ON change (visit);
CREATE INDEX change_plan ON change (plan);
CREATE INDEX step_subject ON step (brand, kind, subject, since);
CREATE INDEX step_fact ON step (fact);
CREATE INDEX step_claim_fact ON step_claim (fact);
CREATE INDEX alert_pending ON alert (channel, seq) WHERE status = 'pending';
CREATE INDEX alert_gathers ON alert (channel, recipient, gathers) WHERE gathers IS NOT NULL;
CREATE INDEX alert_change_change ON alert_change (change);
CREATE INDEX attempt_alert ON attempt (alert, id);
CREATE INDEX restatement_document ON restatement (document);
CREATE INDEX restated_fact_restatement ON restated_fact (restatement);
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
COMMIT;
