-- Changes that nobody was told of, and why.
SELECT silence, detected_at, brand, kind, change, text, url
FROM changes
WHERE silence IS NOT NULL
ORDER BY silence, detected_at DESC, id;
