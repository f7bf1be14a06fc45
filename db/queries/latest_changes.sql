-- The fifty latest changes, and whether anybody was told.
SELECT detected_at, brand, kind, change, text, outlet, url, coalesce('silent: ' || silence, alerts || ' alert(s)') AS told
FROM changes
ORDER BY detected_at DESC, id
LIMIT 50;
