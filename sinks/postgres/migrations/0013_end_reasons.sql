-- Why an alert ended without its condition being over ("the rule was paused"), and what its incident's resolution says of it.

ALTER TABLE tocsin.alerts ADD COLUMN end_reason text;
ALTER TABLE tocsin.incidents ADD COLUMN end_reason text;

CREATE OR REPLACE VIEW tocsin_read.alerts WITH (security_barrier) AS
    SELECT project, number, version, title, description, severity, status, events, started_at, ended_at, first_seen_at,
           last_seen_at, resolved_at, resolved_by, fingerprint, integration, service, monitoring_tool, hosts, environment, labels,
           annotations, links, query, incident, previous, assignees, suppressed_by_kind, suppressed_by_id, is_flapping, end_reason
    FROM tocsin.alerts a
    WHERE (a.project, a.number) NOT IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c);

CREATE OR REPLACE VIEW tocsin_read.incidents WITH (security_barrier) AS
    SELECT project, number, version, title, description, severity, status, rule, group_values, service, firing, total, created_at,
           acknowledged_at, resolved_at, author, assignees, links, published, merged_into, is_sla_missed, end_reason
    FROM tocsin.incidents i
    WHERE NOT i.is_confidential;
