-- Where good sources disagree now, about a value or an attribute (when, drive, debut): both sentences side by side.
SELECT
    held.brand,
    held.kind,
    held.subject,
    held.attribute,
    held.value AS believed,
    mine.outlet,
    mine.evidence,
    held.rival,
    theirs.outlet AS rival_outlet,
    theirs.evidence AS rival_evidence,
    mine.url,
    theirs.url AS rival_url
FROM (
    SELECT belief.brand, belief.kind, belief.subject, NULL AS attribute, belief.value, belief.fact, fact.value AS rival,
        fact.id AS against
    FROM belief
    JOIN belief_claim ON belief_claim.belief = belief.id AND belief_claim.role = 'rivals'
    JOIN fact ON fact.id = belief_claim.fact
    UNION ALL
    SELECT belief.brand, belief.kind, belief.subject, aspect.name, aspect.value, aspect.fact, aspect_rival.value,
        aspect_rival.fact
    FROM belief
    JOIN aspect ON aspect.belief = belief.id
    JOIN aspect_rival ON aspect_rival.belief = belief.id AND aspect_rival.name = aspect.name
) AS held
JOIN facts AS mine ON mine.id = held.fact
JOIN facts AS theirs ON theirs.id = held.against
ORDER BY held.brand, held.kind, held.subject, held.attribute, held.against;
