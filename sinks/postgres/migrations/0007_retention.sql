-- What is over is deleted after a while (`sinks/postgres/retention.py`), the oldest first. Only what is resolved is in these
-- indexes: an alert that comes or repeats does not touch them.

CREATE INDEX alerts_resolved_at ON tocsin.alerts (resolved_at) WHERE status = 'resolved';
CREATE INDEX incidents_resolved_at ON tocsin.incidents (resolved_at) WHERE status = 'resolved';
