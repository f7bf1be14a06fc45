-- Search: the words of documents and of claims, indexed by FTS5 beside the tables that hold them. Writing systems without
-- spaces have no words that it could know: those are looked for in the texts themselves.

CREATE VIRTUAL TABLE document_search USING fts5(
    title, text, content = 'document', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER document_added AFTER INSERT ON document BEGIN
    INSERT INTO document_search (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER document_edited AFTER UPDATE OF title, text ON document BEGIN
    INSERT INTO document_search (document_search, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
    INSERT INTO document_search (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN
    INSERT INTO document_search (document_search, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
END;

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

INSERT INTO fact_search (fact_search) VALUES ('rebuild');

CREATE INDEX change_brand ON change (brand, seq);
