-- The history, as the migrations add up to it. This file is read by people, never run by the program; a test compares
-- it with a migrated database.
--
-- Base tables have singular names and may change from one version to the next. The views at the end (facts, state,
-- changes, documents, checks, alerts, sources, steps, plans, replays, reviews) are what other programs should read:
-- their columns keep their meaning.
--
-- Times are UTC, ISO 8601 text (2026-01-05T09:00:12Z), so that they sort as text. A date that a page or a text states
-- keeps the precision it has (2026, 2026-01, 2026-Q3, 2026-late, ...). Flags are 0 or 1.
-- "Derived" columns follow from other columns and are kept because they are asked for often.


-- Where news is looked for: the configured sources, and those that once were.
CREATE TABLE source (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,                       -- feed, listing, sitemap, page, article
    url TEXT NOT NULL,                        -- as configured
    brand TEXT,                               -- null: the text decides which brand it speaks of
    authority TEXT NOT NULL,                  -- official, wire, media, sponsored
    outlet TEXT NOT NULL,                     -- who speaks; claims of one outlet are never independent
    language TEXT,                            -- null: found out page by page
    rhythm TEXT NOT NULL,                     -- seconds between checks, or a cron expression
    alert_on_first INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    configured INTEGER NOT NULL,              -- 0: no longer in the config; kept for what it brought
    added_at TEXT NOT NULL,
    next_due TEXT NOT NULL,
    leased_until TEXT,                        -- null: nobody is checking it; past: whoever did is lost
    baseline_at TEXT,                         -- the first good check; null: none yet
    moved_url TEXT,                           -- where it has moved to for good; null: it has not
    body_hash TEXT,                           -- SHA-256 of its last good body; null: none yet
    page TEXT REFERENCES page (hash) ON DELETE SET NULL,  -- the last that said something new, kept; null: not kept, then
                                              -- never ask "changed since?"
    etag TEXT,                                -- null: the server gave none
    last_modified TEXT,                       -- null: the server gave none
    last_checked_at TEXT,                     -- derived from visit; null: never
    last_good_at TEXT,                        -- derived from visit; null: never
    last_outcome TEXT,                        -- derived from visit; null: never checked
    last_reason TEXT,                         -- derived from visit; null: nothing to say
    failures INTEGER NOT NULL DEFAULT 0,      -- derived: failed checks in a row, up to the last
    failing_since TEXT,                       -- derived: the first of those failures; null: the last check was good
    trouble TEXT,                             -- what people were told is wrong with it; null: nothing
    trouble_since TEXT,                       -- since when; null: as `trouble`
    told_at TEXT,                             -- when people were last told of trouble; null: never
    gone_at TEXT,                             -- since when its server says that it is gone for good (410); null: it does not
    outline TEXT                              -- digest of what could bring news on its page when that was last read; null: it
                                              -- is read whenever it changes
);
CREATE INDEX source_due ON source (next_due) WHERE configured AND enabled AND gone_at IS NULL;
CREATE INDEX source_page ON source (page);


-- Hosts that have asked to be left alone (Retry-After); no source asks them for anything until then.
CREATE TABLE pause (
    host TEXT PRIMARY KEY,                    -- with its port, where that is no usual one
    until TEXT NOT NULL
);


-- One check of one source, or several that brought nothing, or the checks that were left out for one reason (outcome
-- `skipped`).
CREATE TABLE visit (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL REFERENCES source (name),
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    outcome TEXT NOT NULL,                    -- ok, unchanged, skipped, or what was wrong
    reason TEXT,                              -- null: nothing to say
    requests INTEGER NOT NULL,                -- pages it asked for, without redirects and robots.txt
    baseline INTEGER NOT NULL,                -- 1: the first good check; what it found is known, but no news
    body_hash TEXT,                           -- null: no body was had
    links INTEGER NOT NULL,                   -- derived: links it added
    documents INTEGER NOT NULL,               -- derived: document versions it added
    facts INTEGER NOT NULL,                   -- derived: facts it added
    listed INTEGER,                           -- articles that its list held, known or not; null: no list was read
    times INTEGER NOT NULL DEFAULT 1          -- how many checks it stands for: see the view `checks`
);
CREATE INDEX visit_source ON visit (source, id);
CREATE INDEX visit_recorded ON visit (recorded_at);


-- A page as it was fetched, compressed with zlib. The same bytes are kept once.
CREATE TABLE page (
    hash TEXT PRIMARY KEY,                    -- SHA-256 of the bytes before compression, hex
    size INTEGER NOT NULL,                    -- of the bytes before compression
    content BLOB NOT NULL,
    stored_at TEXT NOT NULL
);


-- An article that a source points to, and whether it has been read.
CREATE TABLE link (
    id INTEGER PRIMARY KEY,                   -- grows with the time of finding
    source TEXT NOT NULL REFERENCES source (name),
    url TEXT NOT NULL,
    title TEXT,                               -- as the source states it; null: it does not
    published TEXT,                           -- as the source states it; null: it does not
    mark TEXT,                                -- the source's own mark of the version; null: it gives none
    language TEXT,                            -- as the source states it; null: it does not
    text TEXT,                                -- the text that a feed carries; null: none, or no longer needed
    state TEXT NOT NULL,                      -- waiting, read, skipped (older than our watching), failed (given up)
    attempts INTEGER NOT NULL DEFAULT 0,      -- failed attempts to read this version
    not_before TEXT,                          -- when to try again; null: at once
    reason TEXT,                              -- why the last attempt failed; null: it did not
    baseline INTEGER NOT NULL,                -- 1: found by the source's first good check
    found_at TEXT NOT NULL,
    settled_at TEXT,                          -- when it was last read, given up or left out; null: never
    UNIQUE (source, url)
);
CREATE INDEX link_waiting ON link (source, id) WHERE state = 'waiting';
CREATE INDEX link_known ON link (source, id);


-- An article that was read, and when it is visited again: young articles are, so that corrections are noticed.
CREATE TABLE revisit (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    first_read TEXT NOT NULL,
    due TEXT,                                 -- null: never again, it is no longer young or has vanished
    body_hash TEXT NOT NULL,                  -- SHA-256 of its last body, hex
    etag TEXT,                                -- of that body, used while it is kept; null: the server gave none
    last_modified TEXT                        -- as etag; null: the server gave none
);
CREATE INDEX revisit_due ON revisit (due) WHERE due IS NOT NULL;


-- One version of one readable page. Another text at the same address is another version; rows are edited only by a
-- replay, when today's reader gets other facts out of the kept page: `restatement` has what stood there before.
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    version INTEGER NOT NULL,                 -- 1, 2, 3 ... in the order of reading
    source TEXT NOT NULL REFERENCES source (name),
    visit INTEGER NOT NULL REFERENCES visit (id),
    outlet TEXT NOT NULL,                     -- the source's, when it was read
    authority TEXT NOT NULL,                  -- the source's, when it was read
    living INTEGER NOT NULL,                  -- 1: a page that is kept up to date, not an article of one day
    title TEXT,                               -- null: none found
    published TEXT,                           -- as stated; null: not stated
    published_from TEXT,                      -- where that was found: feed, json-ld, meta, ...; null: not stated
    dated TEXT NOT NULL,                      -- derived: the time its claims count from; the start of `published`, never after
                                              -- `fetched_at`; `fetched_at` itself when not stated or for a living page
    language TEXT,                            -- ISO 639-1; null: not known
    text TEXT NOT NULL,                       -- facts point into it by offsets (characters, not bytes)
    text_hash TEXT NOT NULL,                  -- derived: SHA-256 of `text`, hex
    baseline INTEGER NOT NULL,                -- 1: it was there before we watched; known, but no news
    fetched_at TEXT NOT NULL,
    page TEXT REFERENCES page (hash) ON DELETE SET NULL,  -- null: no longer kept, or the text came from a feed
    page_url TEXT,                            -- where the page was in the end, after redirects; null: as `page`
    content_type TEXT,                        -- null: not stated, or as `page`
    article TEXT NOT NULL DEFAULT '',         -- derived: the address under which its source first had it; another one after
                                              -- a redesign
    fingerprint TEXT,                         -- derived: 64 bits of its text, hex, near those of a copy; null: a short text
    link INTEGER REFERENCES link (id),        -- by which it was found; null: the source's own page, or read before links were noted
    UNIQUE (url, version)
);
CREATE INDEX document_link ON document (link);
CREATE INDEX document_source ON document (source, id);
CREATE INDEX document_visit ON document (visit);
CREATE INDEX document_page ON document (page);
CREATE INDEX document_fetched ON document (fetched_at);
CREATE INDEX document_article ON document (article);
CREATE INDEX document_text ON document (text_hash);


-- One claim that one document makes. Rows are never edited, only closed; but where a claim stands (evidence, start, end)
-- follows the document's text when a replay reads that anew.
CREATE TABLE fact (
    id INTEGER PRIMARY KEY,                   -- grows with the time of recording
    document INTEGER NOT NULL REFERENCES document (id),
    visit INTEGER NOT NULL REFERENCES visit (id),
    kind TEXT NOT NULL,
    brand TEXT NOT NULL,
    subject TEXT NOT NULL,                    -- derived: what it is about within brand and kind
    value TEXT NOT NULL,                      -- derived: what is claimed, short
    attributes TEXT NOT NULL,                 -- the whole fact as JSON; the view `facts` has its plain columns
    recorded_at TEXT NOT NULL,
    closed_at TEXT,                           -- null: it stands; else the article was changed and says something else,
                                              -- or a replay reads the article differently (see `restated_fact`)
    closed_by INTEGER REFERENCES visit (id)   -- the check that found so; null: it stands, no check closed it, or undone
);
CREATE INDEX fact_subject ON fact (brand, kind, subject, id);
CREATE INDEX fact_document ON fact (document);
CREATE INDEX fact_visit ON fact (visit);
CREATE INDEX fact_closed_by ON fact (closed_by);


-- What is believed now of one subject.
CREATE TABLE belief (
    id INTEGER PRIMARY KEY,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    value TEXT NOT NULL,                      -- derived: the fact's
    rule TEXT NOT NULL,                       -- why it is believed, in words
    since TEXT NOT NULL,                      -- when the monitor began to believe this value
    updated_at TEXT NOT NULL,                 -- when it was last weighed
    attributes TEXT,                          -- the fact as JSON, with what its supports add; null: as the fact's
    due TEXT,                                 -- when a plan is over its date; null: no plan, or none with a date
    independent INTEGER NOT NULL DEFAULT 1,   -- derived: supports that count for themselves
    syndicated INTEGER NOT NULL DEFAULT 0,    -- derived: supports that are copies of another publisher's text
    sponsored INTEGER NOT NULL DEFAULT 0,     -- derived: supports that were paid for
    UNIQUE (brand, kind, subject)
);
CREATE INDEX belief_fact ON belief (fact);
CREATE INDEX belief_due ON belief (due) WHERE due IS NOT NULL;
-- Plans, as they are listed.
CREATE INDEX belief_planned ON belief (due IS NULL, due, brand, subject)
WHERE json_extract(attributes, '$.status') = 'planned'
    OR json_extract(attributes, '$.stage') IN ('teased', 'confirmed');


-- The claims that speak for a belief and against it.
CREATE TABLE belief_claim (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,                       -- supports, rivals
    standing TEXT NOT NULL DEFAULT 'independent',  -- independent, repeated, syndicated, sponsored
    PRIMARY KEY (belief, fact)
) WITHOUT ROWID;
CREATE INDEX belief_claim_fact ON belief_claim (fact);
CREATE INDEX belief_claim_rival ON belief_claim (belief) WHERE role = 'rivals';


-- What is believed now of an attribute that claims may contradict each other in.
CREATE TABLE aspect (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    name TEXT NOT NULL,                       -- when (a plan's date), drive (of a model), debut
    value TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    rule TEXT NOT NULL,                       -- why it is believed, in words
    PRIMARY KEY (belief, name)
) WITHOUT ROWID;
CREATE INDEX aspect_fact ON aspect (fact);


-- The claims that speak against what is believed of an attribute.
CREATE TABLE aspect_rival (
    belief INTEGER NOT NULL REFERENCES belief (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    value TEXT NOT NULL,                      -- what it says of the attribute
    PRIMARY KEY (belief, name, fact)
) WITHOUT ROWID;
CREATE INDEX aspect_rival_fact ON aspect_rival (fact);


-- One step in what is believed of one subject.
CREATE TABLE change (
    seq INTEGER PRIMARY KEY,                  -- the order of recording
    id TEXT NOT NULL UNIQUE,                  -- the public name
    visit INTEGER REFERENCES visit (id),      -- the check it came from; null: a reading of stored pages
    detected_at TEXT NOT NULL,
    since TEXT NOT NULL,                      -- derived: since when it is so, by the text and the dates of its sources
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    change TEXT NOT NULL,                     -- new, changed, corrected, disputed, resolved
    before_value TEXT,                        -- derived from `before`; null: nothing was known
    after_value TEXT,                         -- derived from `after`; null: nothing is said any more
    before TEXT,                              -- a fact as JSON; null: nothing was known. In a dispute: what is believed
    after TEXT,                               -- a fact as JSON; null: nothing is said any more. In a dispute: what is held against it
    text TEXT NOT NULL,                       -- the news in a few words
    rule TEXT NOT NULL,                       -- why it is a change, in words
    silence TEXT,                             -- why nobody is told; null: the alert rules decided
    aspect TEXT,                              -- the attribute that moved: when, drive, debut; null: the value itself
    plan INTEGER REFERENCES fact (id),        -- the fact that planned what has come about; null: none is known
    independent INTEGER NOT NULL DEFAULT 1,   -- claims for it that count for themselves
    syndicated INTEGER NOT NULL DEFAULT 0,    -- claims for it that are copies of another publisher's text
    sponsored INTEGER NOT NULL DEFAULT 0      -- claims for it that were paid for
);
CREATE INDEX change_subject ON change (brand, kind, subject, seq);
CREATE INDEX change_detected ON change (detected_at);
CREATE INDEX change_brand ON change (brand, seq);
CREATE INDEX change_visit ON change (visit);
CREATE INDEX change_plan ON change (plan);


-- The sources that a change cites, the one that brought it first.
CREATE TABLE change_source (
    change TEXT NOT NULL REFERENCES change (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    title TEXT,                               -- null: none found
    published TEXT,                           -- null: not stated
    authority TEXT NOT NULL,
    outlet TEXT NOT NULL,
    evidence TEXT NOT NULL,                   -- the words that say so
    standing TEXT NOT NULL DEFAULT 'independent',  -- independent, repeated, syndicated, sponsored
    PRIMARY KEY (change, position)
) WITHOUT ROWID;


-- The course of a subject: one step of what holds since when, by the dates of texts and what they say. Rows are never
-- edited, only ended, when other claims make it another course.
CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    aspect TEXT,                              -- an attribute: when, drive, debut; null: the value itself
    since TEXT NOT NULL,
    position INTEGER NOT NULL,                -- orders steps of one moment
    change TEXT NOT NULL,                     -- new, changed, disputed, resolved
    before_value TEXT,                        -- null: nothing was known
    after_value TEXT NOT NULL,
    value TEXT NOT NULL,                      -- what is believed from then on
    disputed INTEGER NOT NULL,
    text TEXT NOT NULL,                       -- the step in a few words
    rule TEXT NOT NULL,                       -- why it is one, in words
    fact INTEGER NOT NULL REFERENCES fact (id),  -- the believed claim
    known_from TEXT NOT NULL,                 -- when the monitor began to have it so
    known_until TEXT                          -- when it ceased to; null: it still does
);
CREATE INDEX step_subject ON step (brand, kind, subject, since);
CREATE INDEX step_fact ON step (fact);


-- The claims that decided a step, the one that brought it first.
CREATE TABLE step_claim (
    step INTEGER NOT NULL REFERENCES step (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    PRIMARY KEY (step, position)
) WITHOUT ROWID;
CREATE INDEX step_claim_fact ON step_claim (fact);


-- The outbox: one message to one recipient through one channel.
CREATE TABLE alert (
    seq INTEGER PRIMARY KEY,                  -- the order of queueing
    id TEXT NOT NULL UNIQUE,                  -- the same on every attempt
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    rule TEXT NOT NULL,                       -- the alert rule that asked for it
    digest INTEGER NOT NULL,                  -- 1: the news of a while, a digest or a storm
    status TEXT NOT NULL,                     -- pending, sent, failed (for good), dropped (channel or recipient is gone,
                                              -- or somebody dropped it), silenced (somebody asked for silence)
    reason TEXT,                              -- why it failed, was dropped or silenced; null: it was not
    queued_at TEXT NOT NULL,
    not_before TEXT NOT NULL,                 -- a digest's hour, the end of quiet hours, the next attempt
    attempts INTEGER NOT NULL DEFAULT 0,      -- times it was tried, as far as somebody came back to say so
    leased_until TEXT,                        -- null: nobody is sending it; past: whoever did is lost
    settled_at TEXT,                          -- null: pending
    tried_since TEXT,                         -- when it was first taken up; null: not yet
    gathers TEXT,                             -- under which key it still takes up changes; null: it takes up no more
    notice TEXT                               -- JSON: a message about the monitor or its sources; null: it tells of changes
);
CREATE INDEX alert_pending ON alert (channel, seq) WHERE status = 'pending';
CREATE INDEX alert_status ON alert (status);
CREATE INDEX alert_gathers ON alert (channel, recipient, gathers) WHERE gathers IS NOT NULL;


-- The changes that an alert tells of.
CREATE TABLE alert_change (
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    change TEXT NOT NULL REFERENCES change (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (alert, change)
) WITHOUT ROWID;
CREATE INDEX alert_change_change ON alert_change (change);


-- One attempt to deliver an alert.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    alert TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    attempted_at TEXT NOT NULL,
    answer TEXT NOT NULL,                     -- sent, unanswered (it may have been taken), retry, failed
    detail TEXT NOT NULL                      -- what the other side answered
);
CREATE INDEX attempt_alert ON attempt (alert, id);


-- How each channel is: whether the other side takes messages.
CREATE TABLE channel (
    name TEXT PRIMARY KEY,
    config TEXT NOT NULL,                     -- a hash of its settings: with others, what was known of it is forgotten
    failures INTEGER NOT NULL DEFAULT 0,      -- attempts in a row that failed because of the channel, not the message
    failing_since TEXT,                       -- null: it works
    resting_until TEXT,                       -- nothing is tried before; null: it may be tried
    disabled_at TEXT,                         -- when the other side wanted no more (410); null: it does
    reason TEXT,                              -- what the other side answered last; null: it works
    told INTEGER NOT NULL DEFAULT 0           -- 1: the other channels have been told that it is in trouble
);


-- What people do not want to hear of for a while.
CREATE TABLE silence (
    id INTEGER PRIMARY KEY,
    added_at TEXT NOT NULL,
    until TEXT NOT NULL,
    brand TEXT,                               -- null: all
    kind TEXT,                                -- null: all
    channel TEXT,                             -- null: all
    note TEXT                                 -- why; null: nobody said
);


-- Which history this is: one row.
CREATE TABLE history (
    identity TEXT NOT NULL                    -- random; in the ids of messages, and another one after a restore
);


-- When something that is done at set times was done last.
CREATE TABLE task (
    name TEXT PRIMARY KEY,                    -- summary, housekeeping, backup
    done_at TEXT NOT NULL
);


-- One document version that a replay read differently: the reading that stood in `document` until then.
CREATE TABLE restatement (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES document (id),
    restated_at TEXT NOT NULL,
    title TEXT,                               -- null: none was found
    published TEXT,                           -- null: none was found
    published_from TEXT,                      -- null: none was found
    dated TEXT NOT NULL,
    language TEXT,                            -- null: it was not known
    text TEXT NOT NULL
);
CREATE INDEX restatement_document ON restatement (document);


-- What a replay made of single claims.
CREATE TABLE restated_fact (
    fact INTEGER NOT NULL REFERENCES fact (id),
    role TEXT NOT NULL,                       -- gained, lost (closed as replayed), closed (by a later version of the article)
    restatement INTEGER NOT NULL REFERENCES restatement (id),
    PRIMARY KEY (fact, role)
) WITHOUT ROWID;
CREATE INDEX restated_fact_restatement ON restated_fact (restatement);


-- What a person says of a claim. It is bound to the claim's address, subject and value, so that it holds for the same
-- claim read anew; of several, the last is in force (see the view `reviews`). Rows are never edited.
CREATE TABLE review (
    id INTEGER PRIMARY KEY,                   -- grows with the time of reviewing
    reviewed_at TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL,                    -- accept, reject (misread), untrue, correct, undo (as if never reviewed), overruled
    note TEXT,                                -- null: nothing was added
    url TEXT NOT NULL,                        -- of the document that makes the claim
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    value TEXT NOT NULL,                      -- as it was claimed
    fact INTEGER NOT NULL REFERENCES fact (id),  -- the claim's row when it was reviewed
    made INTEGER REFERENCES fact (id),        -- what it should have said; null: nothing was corrected
    because INTEGER REFERENCES review (id)    -- the review of another claim that this follows from; null: of its own
);
CREATE INDEX review_subject ON review (brand, kind, subject);
CREATE INDEX review_fact ON review (fact);
CREATE INDEX review_made ON review (made) WHERE made IS NOT NULL;
CREATE INDEX review_because ON review (because) WHERE because IS NOT NULL;


-- The words of documents, to search in: `document_search MATCH 'uruguay'`. FTS5 keeps the index in tables of its own beside
-- this one. Writing systems without spaces have no words that it could know: `document.text LIKE '%市场%'`.
CREATE VIRTUAL TABLE document_search USING fts5(
    title, text, content = 'document', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER document_added AFTER INSERT ON document BEGIN
    INSERT INTO document_search (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER document_edited AFTER UPDATE OF title, text ON document
WHEN NOT EXISTS (SELECT 1 FROM unindexed WHERE document = old.id) BEGIN
    INSERT INTO document_search (document_search, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
    INSERT INTO document_search (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN
    INSERT INTO document_search (document_search, rowid, title, text)
    SELECT 'delete', old.id, old.title, old.text WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE document = old.id);
    DELETE FROM unindexed WHERE document = old.id;
END;

-- Documents of a time before the search whose words are not in its index yet: housekeeping puts them there, in portions.
CREATE TABLE unindexed (document INTEGER PRIMARY KEY);


-- The words of claims, to search in, as those of documents.
CREATE VIEW fact_words AS
SELECT id, brand, subject, value, json_extract(attributes, '$.evidence') AS evidence FROM fact;

CREATE VIRTUAL TABLE fact_search USING fts5(
    brand, subject, value, evidence, content = 'fact_words', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER fact_added AFTER INSERT ON fact BEGIN
    INSERT INTO fact_search (rowid, brand, subject, value, evidence)
    VALUES (new.id, new.brand, new.subject, new.value, json_extract(new.attributes, '$.evidence'));
END;
CREATE TRIGGER fact_edited AFTER UPDATE OF brand, subject, value, attributes ON fact BEGIN
    INSERT INTO fact_search (fact_search, rowid, brand, subject, value, evidence)
    VALUES ('delete', old.id, old.brand, old.subject, old.value, json_extract(old.attributes, '$.evidence'));
    INSERT INTO fact_search (rowid, brand, subject, value, evidence)
    VALUES (new.id, new.brand, new.subject, new.value, json_extract(new.attributes, '$.evidence'));
END;
CREATE TRIGGER fact_removed AFTER DELETE ON fact BEGIN
    INSERT INTO fact_search (fact_search, rowid, brand, subject, value, evidence)
    VALUES ('delete', old.id, old.brand, old.subject, old.value, json_extract(old.attributes, '$.evidence'));
END;


-- Every claim, with the document that makes it. Columns that a kind of fact does not have are null.
CREATE VIEW facts AS
SELECT
    fact.id,
    fact.kind,
    fact.brand,
    fact.subject,
    fact.value,
    json_extract(fact.attributes, '$.count') AS count,
    json_extract(fact.attributes, '$.qualifier') AS qualifier,   -- exact, at_least, about, ordinal
    json_extract(fact.attributes, '$.status') AS status,         -- current, planned; entered, planned, exited
    json_extract(fact.attributes, '$.scope') AS scope,           -- of a count: null is worldwide
    json_extract(fact.attributes, '$.market') AS market,         -- ISO 3166-1 alpha-2 or region:Name
    json_extract(fact.attributes, '$.basis') AS basis,           -- event, presence
    json_extract(fact.attributes, '$.model') AS model,
    json_extract(fact.attributes, '$.stage') AS stage,
    json_extract(fact.attributes, '$.markets') AS markets,       -- a JSON list
    json_extract(fact.attributes, '$.segment') AS segment,
    json_extract(fact.attributes, '$.platform') AS platform,
    json_extract(fact.attributes, '$.when') AS dated,            -- the date that the sentence itself states (`when` in JSON)
    json_extract(fact.attributes, '$.hedged') AS hedged,         -- 1: "reportedly", "is said to"
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
    spoken.role,                              -- supports, rivals; null: it is neither for what is believed nor against it
    spoken.standing,                          -- independent, repeated, syndicated, sponsored; null: as `role`
    CASE spoken.role WHEN 'supports' THEN belief.independent WHEN 'rivals' THEN (
        SELECT count(*) FROM belief_claim AS c
        WHERE c.belief = belief.id AND c.role = 'rivals' AND c.standing = 'independent'
    ) END AS independent,                     -- how many of all claims on its side count for themselves,
    CASE spoken.role WHEN 'supports' THEN belief.syndicated WHEN 'rivals' THEN (
        SELECT count(*) FROM belief_claim AS c
        WHERE c.belief = belief.id AND c.role = 'rivals' AND c.standing = 'syndicated'
    ) END AS syndicated,                      -- are copies of another publisher's text,
    CASE spoken.role WHEN 'supports' THEN belief.sponsored WHEN 'rivals' THEN (
        SELECT count(*) FROM belief_claim AS c
        WHERE c.belief = belief.id AND c.role = 'rivals' AND c.standing = 'sponsored'
    ) END AS sponsored,                       -- were paid for
    CASE
        WHEN judged.made = fact.id THEN 'accept'
        WHEN judged.verdict <> 'undo' THEN judged.verdict
    END AS verdict,                           -- what a person says of it: accept, reject, untrue, correct (it should have
                                              -- said something else), overruled; null: nothing, or no more
    CASE WHEN judged.verdict <> 'undo' THEN judged.reviewer END AS reviewer  -- null: as `verdict`
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


-- What is believed now, a row a subject, with the claim that it rests on.
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
    belief.since,                             -- when the monitor began to believe this value
    belief.updated_at,
    belief.fact,
    belief.independent,                       -- of its supports: how many count for themselves,
    belief.syndicated,                        -- are copies of another publisher's text,
    belief.sponsored,                         -- were paid for
    belief.due,                               -- when a plan is over its date; null: no plan, or none with a date
    (
        SELECT group_concat(DISTINCT r.name) FROM aspect_rival AS r WHERE r.belief = belief.id
    ) AS disputed_attributes                  -- null: none
FROM belief
JOIN fact ON fact.id = belief.fact
JOIN document ON document.id = fact.document;


-- How what is believed moved, a row a step.
CREATE VIEW changes AS
SELECT
    change.id,
    change.detected_at,                       -- when the monitor knew
    change.since,                             -- since when it is so, by the text and the dates of its sources
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
    cited.url,                                -- of the source that brought it
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
    END AS silence,                           -- why nobody is told; null: somebody is
    change.visit AS check_id,
    change.aspect,                            -- the attribute that moved: when, drive, debut; null: the value itself
    change.plan,                              -- the fact that planned what has come about; null: none is known
    change.independent,                       -- of all claims for it: how many count for themselves,
    change.syndicated,                        -- are copies of another publisher's text,
    change.sponsored,                         -- were paid for
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
    END AS fate                               -- told; held until a digest's hour or the end of quiet hours; silent
FROM change
LEFT JOIN change_source AS cited ON cited.change = change.id AND cited.position = 0;


-- Every version of every document that was read, without its text (that is in the table).
CREATE VIEW documents AS
SELECT
    document.id,
    document.url,
    document.version,
    document.version = (SELECT max(d.version) FROM document AS d WHERE d.url = document.url) AS latest,
    document.title,
    document.published,
    document.published_from,
    document.dated,                           -- the time its claims count from
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


-- Every check that is still kept.
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
    visit.listed,                             -- articles that its list held; null: no list was read
    visit.times                               -- how many checks the row stands for: after some days those of one day that
                                              -- brought nothing and came to the same are one row, `started_at` that of the
                                              -- first, `finished_at` and the rest those of the last
FROM visit;


-- Every message, and what became of it.
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
    )) AS text,                                -- of its notice, or of its first change
    alert.not_before,
    alert.attempts,
    (SELECT max(a.attempted_at) FROM attempt AS a WHERE a.alert = alert.id) AS last_attempt_at,
    (SELECT a.detail FROM attempt AS a WHERE a.alert = alert.id ORDER BY a.id DESC LIMIT 1) AS last_answer,
    alert.settled_at
FROM alert;


-- Every source, and how it is.
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
        WHEN source.gone_at IS NOT NULL THEN 'gone'     -- for good, and told; it is not checked any more
        WHEN source.trouble IS NOT NULL THEN 'trouble'  -- confirmed, and told
        WHEN source.last_outcome IS NULL THEN 'new'
        WHEN source.failures = 0 THEN 'ok'
        ELSE 'failing'                                  -- lately, not confirmed yet
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


-- The course of each subject: since when which value holds, by the dates of texts and what they say, and from when until
-- when the monitor had it so. What was so on a day, as known on another: the last row of each subject, by since and
-- position, with since <= :as_of and known_from <= :known_at and (known_until IS NULL or known_until > :known_at).
CREATE VIEW steps AS
SELECT
    step.id,
    step.brand,
    step.kind,
    step.subject,
    step.aspect,                              -- an attribute: when, drive, debut; null: the value itself
    step.since,
    step.position,                            -- orders steps of one moment
    step.change,                              -- new, changed, disputed, resolved
    step.before_value,
    step.after_value,                         -- in a dispute: what is held against what is believed
    step.value,                               -- what is believed from then on
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
    step.known_until                          -- null: it still stands
FROM step
JOIN fact ON fact.id = step.fact
JOIN document ON document.id = fact.document;


-- What is planned, and what became of it: a row for each plan that is believed. `due` is null for a plan without a date.
CREATE VIEW plans AS
SELECT
    plan.brand,
    plan.kind,
    plan.subject,
    plan.value,
    json_extract(plan.attributes, '$.when') AS dated,
    plan.due,                                 -- the first moment after that date
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
    END AS kept,                              -- 1: it has come about
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


-- Every claim that a replay gained or lost: what a better reader changed.
CREATE VIEW replays AS
SELECT
    restatement.restated_at,
    restated_fact.role,                       -- gained, lost, closed
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


-- What people have said of claims.
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
    corrected.attributes AS correction,       -- the claim as it should have been, as JSON
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
    ) AS in_force,                            -- 0: somebody has said something else since
    review.fact,
    review.made,
    review.because
FROM review
LEFT JOIN review AS cause ON cause.id = review.because
LEFT JOIN fact AS corrected ON corrected.id = review.made;
