-- The words of many documents take minutes to index: those that are there before the search are indexed in portions, by
-- housekeeping, which is due at once. Nothing of them is in the index until then, so that nothing may be removed from it.

CREATE TABLE unindexed (document INTEGER PRIMARY KEY);
INSERT INTO unindexed SELECT id FROM document WHERE id NOT IN (SELECT id FROM document_search_docsize);
DELETE FROM task WHERE name = 'housekeeping' AND EXISTS (SELECT 1 FROM unindexed);

DROP TRIGGER document_edited;
CREATE TRIGGER document_edited AFTER UPDATE OF title, text ON document
WHEN NOT EXISTS (SELECT 1 FROM unindexed WHERE document = old.id) BEGIN
    INSERT INTO document_search (document_search, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
    INSERT INTO document_search (rowid, title, text) VALUES (new.id, new.title, new.text);
END;

DROP TRIGGER document_removed;
CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN
    INSERT INTO document_search (document_search, rowid, title, text)
    SELECT 'delete', old.id, old.title, old.text WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE document = old.id);
    DELETE FROM unindexed WHERE document = old.id;
END;
