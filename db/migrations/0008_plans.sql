-- Plans in the order in which people ask for them, so that no more are looked at than are shown.

CREATE INDEX belief_planned ON belief (due IS NULL, due, brand, subject)
WHERE json_extract(attributes, '$.status') = 'planned'
    OR json_extract(attributes, '$.stage') IN ('teased', 'confirmed');
