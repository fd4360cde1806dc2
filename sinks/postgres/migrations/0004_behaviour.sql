-- What commands, muting, flapping and forgetting keep on alerts, incidents and projects; timelines of alerts in no incident.

ALTER TABLE tocsin.alerts
    ADD COLUMN worst_severity text    NOT NULL DEFAULT 'unknown',  -- the worst it ever had
    ADD COLUMN is_held_out    boolean NOT NULL DEFAULT false,      -- a person unlinked it
    ADD COLUMN steady_at      timestamptz,
    ADD COLUMN forget_at      timestamptz,
    ADD COLUMN timeline_count bigint  NOT NULL DEFAULT 0;

ALTER TABLE tocsin.incidents
    DROP COLUMN alerts_severity,
    ADD COLUMN sla_at           timestamptz,
    ADD COLUMN forget_alerts_at timestamptz,
    ADD COLUMN forget_at        timestamptz,
    ADD COLUMN reminders        jsonb NOT NULL DEFAULT '[]';  -- [{"receiver", "every_millis", "at"}], times in milliseconds

ALTER TABLE tocsin.projects ADD COLUMN silences bigint NOT NULL DEFAULT 0;

ALTER TABLE tocsin.timeline
    DROP CONSTRAINT timeline_pkey,
    ALTER COLUMN incident DROP NOT NULL,
    ADD COLUMN alert bigint;
CREATE UNIQUE INDEX timeline_of_incident ON tocsin.timeline (project, incident, number) WHERE incident IS NOT NULL;
CREATE UNIQUE INDEX timeline_of_alert ON tocsin.timeline (project, alert, number) WHERE incident IS NULL;

CREATE INDEX silences_ends_at ON tocsin.silences (project, ends_at DESC, id);
