-- Outcomes by day (of UTC), so that a day that is too old is dropped at once instead of deleted row by row. Who adds and drops
-- days: `sinks/postgres/housekeeping.py`. A row whose day has no partition goes into `outcomes_other`: nothing stops for one.

ALTER TABLE tocsin.outcomes RENAME TO outcomes_whole;
ALTER TABLE tocsin.outcomes_whole DROP CONSTRAINT outcomes_pkey;
DROP INDEX tocsin.outcomes_receipt;

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
    PRIMARY KEY (partition, inbox_offset, item, at)
) PARTITION BY RANGE (at);
CREATE INDEX outcomes_receipt ON tocsin.outcomes (receipt);
CREATE TABLE tocsin.outcomes_other PARTITION OF tocsin.outcomes DEFAULT;

CREATE FUNCTION tocsin.add_outcomes_day(day date) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '200ms'
AS $$
DECLARE
    name text := 'outcomes_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('tocsin.outcomes'));
    IF to_regclass('tocsin.' || name) IS NOT NULL THEN
        RETURN true;
    END IF;
    -- Attached rather than created as a partition: that lets others read and write the rest meanwhile.
    EXECUTE format('CREATE TABLE tocsin.%I (LIKE tocsin.outcomes INCLUDING DEFAULTS)', name);
    EXECUTE format('ALTER TABLE tocsin.outcomes ATTACH PARTITION tocsin.%I FOR VALUES FROM (%L) TO (%L)', name,
                   day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    RETURN true;
EXCEPTION WHEN lock_not_available OR check_violation THEN  -- somebody reads for long; or `outcomes_other` has rows of this day
    RETURN false;
END $$;
COMMENT ON FUNCTION tocsin.add_outcomes_day IS 'Give a day a partition of its own; false: not now. Safe to repeat, and by several at once.';

CREATE FUNCTION tocsin.drop_outcomes_before(day date, most bigint) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '200ms'
AS $$
DECLARE
    name text;
    gone bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('tocsin.outcomes'));
    FOR name IN SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = 'tocsin.outcomes'::regclass AND relname ~ '^outcomes_\d{8}$'
                  AND relname < 'outcomes_' || to_char(day, 'YYYYMMDD') LOOP
        EXECUTE format('DROP TABLE tocsin.%I', name);
    END LOOP;
    DELETE FROM tocsin.outcomes_other WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM tocsin.outcomes_other WHERE at < day::timestamp AT TIME ZONE 'UTC' LIMIT most FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone < most;
EXCEPTION WHEN lock_not_available THEN
    RETURN true;
END $$;
COMMENT ON FUNCTION tocsin.drop_outcomes_before IS 'Drop all older days, and at most so many older rows that have none; false: there may be more.';

SELECT tocsin.add_outcomes_day(day) FROM (SELECT DISTINCT (at AT TIME ZONE 'UTC')::date AS day FROM tocsin.outcomes_whole) days;
INSERT INTO tocsin.outcomes (partition, inbox_offset, item, project, integration, receipt, at, total, events)
    SELECT partition, inbox_offset, item, project, integration, receipt, at, total, events FROM tocsin.outcomes_whole;
DROP TABLE tocsin.outcomes_whole;
