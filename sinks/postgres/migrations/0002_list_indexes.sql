-- Indexes of the operator API's lists: any order by what an index holds, and any filter that finds little, without
-- reading the whole table.
--
-- `events` and `last_seen_at` are in none, on purpose: each repeat changes them, and with an index on either would write
-- the row and every index anew. A list by `events` therefore sorts what the filters leave.

CREATE INDEX alerts_started_at ON tocsin.alerts (project, started_at, number);
CREATE INDEX alerts_ended_at ON tocsin.alerts (project, (coalesce(ended_at, 'infinity')), number);
CREATE INDEX alerts_severity ON tocsin.alerts (project, (tocsin.severity_rank(severity)), number);
CREATE INDEX alerts_status_rank ON tocsin.alerts
    (project, (array_position(ARRAY['ignored', 'resolved', 'acknowledged', 'triggered'], status)), number);

-- What is not resolved is little, and at one end of these orders: a walk from the other end would read everything first.
CREATE INDEX alerts_unresolved_ended_at ON tocsin.alerts (project, (coalesce(ended_at, 'infinity')), number) WHERE status <> 'resolved';
CREATE INDEX alerts_unresolved_severity ON tocsin.alerts (project, (tocsin.severity_rank(severity)), number) WHERE status <> 'resolved';
CREATE INDEX alerts_unresolved_status_rank ON tocsin.alerts
    (project, (array_position(ARRAY['ignored', 'resolved', 'acknowledged', 'triggered'], status)), number)
    WHERE status <> 'resolved';

CREATE INDEX alerts_integration ON tocsin.alerts (project, integration, started_at);
CREATE INDEX alerts_labels ON tocsin.alerts USING gin (labels jsonb_path_ops);
CREATE INDEX alerts_service ON tocsin.alerts (project, service, started_at);
CREATE INDEX alerts_assignees ON tocsin.alerts USING gin (assignees) WHERE assignees <> '{}';

CREATE INDEX incidents_created_at ON tocsin.incidents (project, created_at, number);
CREATE INDEX timeline_at ON tocsin.timeline (project, incident, at, number);
