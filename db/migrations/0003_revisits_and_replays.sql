-- Young articles are visited again; kept pages are read again. db/schema.sql explains every column.

ALTER TABLE document ADD COLUMN link INTEGER REFERENCES link (id);
CREATE INDEX document_link ON document (link);

CREATE TABLE revisit (
    link INTEGER PRIMARY KEY REFERENCES link (id) ON DELETE CASCADE,
    first_read TEXT NOT NULL,
    due TEXT,
    body_hash TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT
);
CREATE INDEX revisit_due ON revisit (due) WHERE due IS NOT NULL;

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
