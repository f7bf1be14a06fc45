-- Where good sources disagree now: what is believed and what is held against it, both sentences side by side.
SELECT
    belief.brand,
    belief.kind,
    belief.subject,
    mine.value AS believed,
    mine.outlet,
    mine.evidence,
    theirs.value AS rival,
    theirs.outlet AS rival_outlet,
    theirs.evidence AS rival_evidence,
    mine.url,
    theirs.url AS rival_url
FROM belief
JOIN belief_claim AS against ON against.belief = belief.id AND against.role = 'rivals'
JOIN facts AS mine ON mine.id = belief.fact
JOIN facts AS theirs ON theirs.id = against.fact
ORDER BY belief.brand, belief.kind, belief.subject, theirs.id;
