CREATE INDEX alert_status ON alert (status);
