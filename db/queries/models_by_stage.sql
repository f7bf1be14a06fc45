-- Every model that is known: how far it is, for which markets, and what is said of when.
SELECT brand, model, stage, dated, segment, platform, markets, hedged, published, url
FROM state
WHERE kind = 'model_announcement'
ORDER BY brand, model;
