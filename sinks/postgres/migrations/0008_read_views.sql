-- Views for anyone's SQL, in a schema of their own: no payloads, and nothing of confidential incidents. The role `tocsin_read`
-- may read them and nothing else (`sinks/postgres/read_access.py`); its search path leads here by its name.
--
-- Each is a security barrier: a function in somebody's query never sees a row that the view leaves out.

-- As in 0006, but its body is read once, now: who may only use the views has no rights to look `severity_rank` up, and the planner
-- looks into the functions of indexes on behalf of whoever asks.
CREATE OR REPLACE FUNCTION tocsin.urgency(status text, severity text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (CASE WHEN status IN ('triggered', 'acknowledged') THEN 20 WHEN status = 'resolved' THEN 10 ELSE 0 END
        + tocsin.severity_rank(severity))::smallint;

CREATE INDEX incidents_confidential ON tocsin.incidents (project, number) WHERE is_confidential;

CREATE VIEW tocsin.confidential_alerts AS
    SELECT a.project, a.number AS alert
    FROM tocsin.incidents i JOIN tocsin.alerts a ON a.project = i.project AND a.incident = i.number WHERE i.is_confidential
    UNION SELECT i.project, i.first_alert FROM tocsin.incidents i WHERE i.is_confidential AND i.first_alert IS NOT NULL
    UNION SELECT t.project, coalesce(t.alert, (t.details ->> 'alert')::bigint)  -- entries of before 0004 name it in `details`
    FROM tocsin.incidents i JOIN tocsin.timeline t ON t.project = i.project AND t.incident = i.number
    WHERE i.is_confidential AND (t.alert IS NOT NULL OR t.details ->> 'alert' ~ '^\d{1,18}$');
COMMENT ON VIEW tocsin.confidential_alerts IS 'Alerts that are in a confidential incident, or were in it.';

CREATE SCHEMA tocsin_read;
COMMENT ON SCHEMA tocsin_read IS 'What anyone may read by SQL: nothing confidential, no payloads.';

CREATE VIEW tocsin_read.alerts WITH (security_barrier) AS
    SELECT project, number, version, title, description, severity, status, events, started_at, ended_at, first_seen_at,
           last_seen_at, resolved_at, resolved_by, fingerprint, integration, service, monitoring_tool, hosts, environment, labels,
           annotations, links, query, incident, previous, assignees, suppressed_by_kind, suppressed_by_id, is_flapping
    FROM tocsin.alerts a
    WHERE (a.project, a.number) NOT IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c);

CREATE VIEW tocsin_read.incidents WITH (security_barrier) AS
    SELECT project, number, version, title, description, severity, status, rule, group_values, service, firing, total, created_at,
           acknowledged_at, resolved_at, author, assignees, links, published, merged_into, is_sla_missed
    FROM tocsin.incidents i
    WHERE NOT i.is_confidential;

CREATE VIEW tocsin_read.timeline WITH (security_barrier) AS
    SELECT project, incident, alert, number, at, actor, kind, text, details
    FROM tocsin.timeline t
    WHERE NOT EXISTS (
            SELECT FROM tocsin.incidents i WHERE i.project = t.project AND i.number = t.incident AND i.is_confidential)
      AND (t.project, coalesce(t.alert, CASE WHEN t.details ->> 'alert' ~ '^\d{1,18}$' THEN (t.details ->> 'alert')::bigint END, 0))
          NOT IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c);

CREATE VIEW tocsin_read.silences WITH (security_barrier) AS
    SELECT project, id, version, matchers, starts_at, ends_at, comment, created_by, muted_7d FROM tocsin.silences;

CREATE VIEW tocsin_read.notifications WITH (security_barrier) AS
    SELECT project, incident, number, kind, receiver, at, severity, status, actor
    FROM tocsin.notifications n
    WHERE NOT EXISTS (
        SELECT FROM tocsin.incidents i WHERE i.project = n.project AND i.number = n.incident AND i.is_confidential);

-- A row for each event; commands are left out, for what they are refused with may tell of what is confidential.
CREATE VIEW tocsin_read.outcomes WITH (security_barrier) AS
    SELECT o.project, o.integration, o.receipt, o.at, e.index, e.outcome, e.alert, e.incident,
           e.suppressed_by ->> 'kind' AS suppressed_by_kind, e.suppressed_by ->> 'id' AS suppressed_by_id, e.reason
    FROM tocsin.outcomes o,
         jsonb_to_recordset(o.events)
             AS e (index integer, outcome text, alert bigint, incident bigint, suppressed_by jsonb, reason text)
    WHERE o.integration IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM tocsin.incidents i WHERE i.project = o.project AND i.number = e.incident AND i.is_confidential)
      AND (o.project, coalesce(e.alert, 0)) NOT IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c);
