-- What is planned, by the date it is planned for: markets to enter, counts to reach, models to come.
SELECT dated, brand, kind, subject, value, hedged, outlet, published, evidence, url
FROM state
WHERE dated IS NOT NULL AND (status = 'planned' OR stage IN ('teased', 'confirmed', 'unveiled'))
ORDER BY dated, brand, subject;
