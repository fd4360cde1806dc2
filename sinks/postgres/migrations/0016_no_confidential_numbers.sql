-- The views name no confidential incident, nor an alert that is or was in one: not as what an incident was merged into, as an
-- alert's previous, as what inhibits, nor in a text of the timeline ("merged into incident #7").

CREATE OR REPLACE VIEW tocsin_read.alerts WITH (security_barrier) AS
    SELECT project, number, version, title, description, severity, status, events, started_at, ended_at, first_seen_at,
           last_seen_at, resolved_at, resolved_by, fingerprint, integration, service, monitoring_tool, hosts, environment, labels,
           annotations, links, query, incident,
           CASE WHEN (a.project, a.previous) IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c)
                THEN NULL ELSE previous END AS previous,
           assignees, suppressed_by_kind,
           CASE WHEN a.suppressed_by_kind = 'inhibition'
                     AND (a.project, a.suppressed_by_id) IN (SELECT c.project, c.alert::text FROM tocsin.confidential_alerts c)
                THEN '' ELSE suppressed_by_id END AS suppressed_by_id,
           is_flapping, end_reason
    FROM tocsin.alerts a
    WHERE (a.project, a.number) NOT IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c);

CREATE OR REPLACE VIEW tocsin_read.incidents WITH (security_barrier) AS
    SELECT project, number, version, title, description, severity, status, rule, group_values, service, firing, total, created_at,
           acknowledged_at, resolved_at, author, assignees, links, published,
           CASE WHEN EXISTS (
                    SELECT FROM tocsin.incidents c
                    WHERE c.project = i.project AND c.number = i.merged_into AND c.is_confidential)
                THEN NULL ELSE merged_into END AS merged_into,
           is_sla_missed, end_reason
    FROM tocsin.incidents i
    WHERE NOT i.is_confidential;

CREATE OR REPLACE VIEW tocsin_read.timeline WITH (security_barrier) AS
    SELECT project, incident, alert, number, at, actor, kind,
           CASE WHEN t.text ~ '#\d' AND EXISTS (
                    SELECT FROM regexp_matches(t.text, '#(\d{1,18})', 'g') AS named (number)
                    WHERE EXISTS (
                            SELECT FROM tocsin.incidents c
                            WHERE c.project = t.project AND c.number = named.number[1]::bigint AND c.is_confidential)
                       OR (t.project, named.number[1]::bigint) IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c))
                THEN regexp_replace(t.text, '#\d+', '(another)', 'g') ELSE text END AS text,
           details
    FROM tocsin.timeline t
    WHERE NOT EXISTS (
            SELECT FROM tocsin.incidents i WHERE i.project = t.project AND i.number = t.incident AND i.is_confidential)
      AND (t.project, coalesce(t.alert, CASE WHEN t.details ->> 'alert' ~ '^\d{1,18}$' THEN (t.details ->> 'alert')::bigint END, 0))
          NOT IN (SELECT c.project, c.alert FROM tocsin.confidential_alerts c);
