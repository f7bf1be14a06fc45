-- What is planned, by the date it is planned for: markets to enter, counts to reach, models to come.
SELECT due, dated, brand, kind, subject, value, date_disputed, told, outlet, evidence, url
FROM plans
WHERE NOT kept AND due IS NOT NULL
ORDER BY due, brand, subject;
