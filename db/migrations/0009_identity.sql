-- Which history this is, so that the ids of its messages are no other history's, whose row numbers are as small.

CREATE TABLE history (
    identity TEXT NOT NULL
);
INSERT INTO history (identity) VALUES (lower(hex(randomblob(8))));
