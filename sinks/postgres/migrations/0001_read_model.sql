-- The read model: what the journal decided, as rows. One writer for each partition, `sinks/postgres`; everyone else reads.
--
-- Times are timestamptz, to the millisecond. `version`, `inbox_offset` and `inbox_index` are the journal's own: how often
-- a row has changed, and which inbox record (and which event in it) changed it last. Nothing is ever deleted here.

CREATE FUNCTION tocsin.at(millis bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT timestamptz 'epoch' + (CASE WHEN millis < -62135596800000 THEN -62135596800000 WHEN millis > 253402300799999
              THEN 253402300799999 ELSE millis END) * interval '1 millisecond' $$;
COMMENT ON FUNCTION tocsin.at IS 'Milliseconds since 1970, as the records carry them, to a time; kept within the years 1 to 9999, which all clients can read.';

CREATE FUNCTION tocsin.severity_rank(severity text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (CASE severity WHEN 'critical' THEN 5 WHEN 'high' THEN 4 WHEN 'medium' THEN 3 WHEN 'low' THEN 2 WHEN 'info' THEN 1
              ELSE 0 END)::smallint $$;
COMMENT ON FUNCTION tocsin.severity_rank IS 'For sorting: the worse, the larger.';

CREATE TABLE tocsin.projects (
    project   text   PRIMARY KEY,
    version   bigint NOT NULL,
    alerts    bigint NOT NULL,  -- number of its newest alert
    incidents bigint NOT NULL   -- number of its newest incident
);

CREATE TABLE tocsin.alerts (
    project            text        NOT NULL,
    number             bigint      NOT NULL,
    version            bigint      NOT NULL,
    inbox_offset       bigint      NOT NULL,
    inbox_index        integer     NOT NULL,
    events             bigint      NOT NULL,
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz,
    first_seen_at      timestamptz NOT NULL,
    last_seen_at       timestamptz NOT NULL,
    resolved_at        timestamptz,
    incident           bigint,
    previous           bigint,
    is_flapping        boolean     NOT NULL,
    severity           text        NOT NULL,
    status             text        NOT NULL,
    resolved_by        text,
    integration        text        NOT NULL,
    fingerprint        text        NOT NULL,
    identity           bytea       NOT NULL,
    content_hash       bytea       NOT NULL,
    payload_hash       bytea       NOT NULL,
    waiting_group      text,
    suppressed_by_kind text,       -- both or neither: silence, maintenance or inhibition, and which one
    suppressed_by_id   text,
    assignees          text[]      NOT NULL,
    changes            bigint[]    NOT NULL,  -- flap history, in milliseconds: for the record, not for people
    expires_at         bigint,     -- resolved by itself then, on a clock that rests while no door is open
    -- What the alert says; only written when it says something else.
    title              text        NOT NULL DEFAULT '',
    description        text,
    hosts              text[]      NOT NULL DEFAULT '{}',
    service            text,
    environment        text,
    monitoring_tool    text,
    query              text,
    incident_text      text,
    labels             jsonb       NOT NULL DEFAULT '{}',
    annotations        jsonb       NOT NULL DEFAULT '{}',
    links              jsonb       NOT NULL DEFAULT '[]',  -- [{"kind", "url"}]
    PRIMARY KEY (project, number)
) WITH (fillfactor = 70);  -- repeats update a row in its own page, and no index with it
CREATE INDEX alerts_status ON tocsin.alerts (project, status, started_at DESC);
CREATE INDEX alerts_incident ON tocsin.alerts (project, incident) WHERE incident IS NOT NULL;
CREATE INDEX alerts_fingerprint ON tocsin.alerts (project, fingerprint);

CREATE TABLE tocsin.payloads (
    project text   NOT NULL,
    number  bigint NOT NULL,  -- of the alert
    payload bytea  NOT NULL,  -- as received, the newest
    PRIMARY KEY (project, number)
);

CREATE TABLE tocsin.incidents (
    project            text        NOT NULL,
    number             bigint      NOT NULL,
    version            bigint      NOT NULL,
    inbox_offset       bigint      NOT NULL,
    inbox_index        integer     NOT NULL,
    title              text        NOT NULL,
    description        text        NOT NULL,
    severity           text        NOT NULL,
    alerts_severity    text        NOT NULL,
    status             text        NOT NULL,
    rule               text,
    group_values       jsonb       NOT NULL,  -- [{"name", "value"}], in the order of group_by
    firing             bigint      NOT NULL,
    total              bigint      NOT NULL,
    created_at         timestamptz NOT NULL,
    acknowledged_at    timestamptz,
    resolved_at        timestamptz,
    resolve_at         timestamptz,
    remind_at          timestamptz,
    publish_at         timestamptz,
    first_alert        bigint,
    components         text[]      NOT NULL,
    service            text,
    runbook            text,
    author             text        NOT NULL,
    assignees          text[]      NOT NULL,
    zoom               text,
    links              jsonb       NOT NULL,  -- [{"kind", "url"}]
    is_confidential    boolean     NOT NULL,
    merged_into        bigint,
    is_sla_missed      boolean     NOT NULL,
    published          jsonb,      -- {"title", "impact", "components", "published_at", "updates"}, times in milliseconds
    told               text[]      NOT NULL,
    told_severity      text        NOT NULL,
    timeline_count     bigint      NOT NULL,
    notification_count bigint      NOT NULL,
    PRIMARY KEY (project, number)
) WITH (fillfactor = 80);
CREATE INDEX incidents_status ON tocsin.incidents (project, status, created_at DESC);

CREATE TABLE tocsin.timeline (
    project      text        NOT NULL,
    incident     bigint      NOT NULL,
    number       bigint      NOT NULL,
    at           timestamptz NOT NULL,
    actor        text        NOT NULL,
    kind         text        NOT NULL,
    text         text        NOT NULL,
    details      jsonb       NOT NULL,
    inbox_offset bigint      NOT NULL,
    inbox_index  integer     NOT NULL,
    PRIMARY KEY (project, incident, number)
);

CREATE TABLE tocsin.silences (
    project      text        NOT NULL,
    id           text        NOT NULL,
    version      bigint      NOT NULL,
    inbox_offset bigint      NOT NULL,
    inbox_index  integer     NOT NULL,
    matchers     text[]      NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    comment      text        NOT NULL,
    created_by   text        NOT NULL,
    muted_7d     bigint      NOT NULL,
    PRIMARY KEY (project, id)
);

CREATE TABLE tocsin.notifications (
    project      text        NOT NULL,
    incident     bigint      NOT NULL,
    number       bigint      NOT NULL,
    kind         text        NOT NULL,
    receiver     text        NOT NULL,
    at           timestamptz NOT NULL,
    severity     text        NOT NULL,
    status       text        NOT NULL,
    actor        text        NOT NULL,
    inbox_offset bigint      NOT NULL,
    inbox_index  integer     NOT NULL,
    PRIMARY KEY (project, incident, number)
);

-- What became of each request's events and of each command: one row for each batch or command of an inbox record.
CREATE TABLE tocsin.outcomes (
    partition    integer     NOT NULL,
    inbox_offset bigint      NOT NULL,
    item         integer     NOT NULL,  -- place of the batch or command in its inbox record
    project      text        NOT NULL,
    integration  text,                  -- null for a command
    receipt      text        NOT NULL,  -- of the request, or the command's id; empty: the record could not be read
    at           timestamptz NOT NULL,
    total        integer     NOT NULL,  -- events of the whole request
    events       jsonb       NOT NULL,  -- [{"index", "outcome", "alert", "incident", "suppressed_by", "reason"}], nulls left out
    PRIMARY KEY (partition, inbox_offset, item)
);
CREATE INDEX outcomes_receipt ON tocsin.outcomes (receipt) WHERE receipt <> '';

-- How far each partition of the journal is in these tables; changed in the transaction that changes them.
CREATE TABLE tocsin.positions (
    partition      integer PRIMARY KEY,
    journal_offset bigint  NOT NULL,  -- of the last entry applied; -1: none yet
    next_inbox     bigint  NOT NULL,  -- inbox offset after the last one it covers
    topic_id       uuid    NOT NULL   -- Kafka's id of the journal topic: another one is another history
);
