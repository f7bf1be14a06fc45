-- What people say of single claims. Never edited once released; db/schema.sql explains every column.

CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    reviewed_at TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL,
    note TEXT,
    url TEXT NOT NULL,
    brand TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    value TEXT NOT NULL,
    fact INTEGER NOT NULL REFERENCES fact (id),
    made INTEGER REFERENCES fact (id),
    because INTEGER REFERENCES review (id)
);
CREATE INDEX review_subject ON review (brand, kind, subject);
CREATE INDEX review_fact ON review (fact);
CREATE INDEX review_made ON review (made) WHERE made IS NOT NULL;
CREATE INDEX review_because ON review (because) WHERE because IS NOT NULL;

CREATE VIEW reviews AS
SELECT
    review.id,
    review.reviewed_at,
    review.reviewer,
    review.verdict,
    review.note,
    review.brand,
    review.kind,
    review.subject,
    review.value,
    corrected.subject AS corrected_subject,
    corrected.value AS corrected_value,
    corrected.attributes AS correction,
    review.url,
    NOT EXISTS (
        SELECT 1 FROM review AS later
        WHERE later.brand = review.brand AND later.kind = review.kind AND later.subject = review.subject
            AND later.value = review.value AND later.url = review.url AND later.id > review.id
            AND later.verdict <> 'overruled'
    ) AND (
        review.because IS NULL
        OR NOT EXISTS (
            SELECT 1 FROM review AS later
            WHERE later.brand = cause.brand AND later.kind = cause.kind AND later.subject = cause.subject
                AND later.value = cause.value AND later.url = cause.url AND later.id > cause.id
                AND later.verdict <> 'overruled'
        )
    ) AS in_force,
    review.fact,
    review.made,
    review.because
FROM review
LEFT JOIN review AS cause ON cause.id = review.because
LEFT JOIN fact AS corrected ON corrected.id = review.made;
