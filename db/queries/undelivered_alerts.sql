-- Messages that have not arrived: waiting, failed or dropped, with what the other side said last.
SELECT status, queued_at, channel, recipient, changes, text, attempts, not_before, reason, last_answer
FROM alerts
WHERE status <> 'sent'
ORDER BY status, queued_at, id;
