-- What is believed now of each brand: the value, since when, who says so, and in which words.
SELECT brand, kind, subject, value, dated, disputed, supports AS claims, outlet, authority, published, evidence, url
FROM state
ORDER BY brand, kind, subject;
