-- What was to be so by now and is not: plans whose date has passed whole, the longest overdue first.
SELECT due, dated, brand, kind, subject, value, date_disputed, told, outlet, evidence, url
FROM plans
WHERE NOT kept AND due <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
ORDER BY due, brand, subject;
