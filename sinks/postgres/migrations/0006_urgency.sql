-- What should be seen first, as one order of the lists: open before over, of these the most severe first; then the newest.

CREATE FUNCTION tocsin.urgency(status text, severity text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (CASE WHEN status IN ('triggered', 'acknowledged') THEN 20 WHEN status = 'resolved' THEN 10 ELSE 0 END
              + tocsin.severity_rank(severity))::smallint $$;
COMMENT ON FUNCTION tocsin.urgency IS 'For sorting: the sooner to be looked at, the larger.';

CREATE INDEX alerts_urgency ON tocsin.alerts (project, (tocsin.urgency(status, severity)), number);
CREATE INDEX incidents_urgency ON tocsin.incidents (project, (tocsin.urgency(status, severity)), number);
