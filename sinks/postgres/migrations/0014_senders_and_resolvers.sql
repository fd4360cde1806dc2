-- Who resolved an alert or incident; when a door had what decided its status; until when that holds for an alert that is still sent; what each of several senders said last.

ALTER TABLE tocsin.alerts
    ADD COLUMN resolver    text NOT NULL DEFAULT '',
    ADD COLUMN received_at timestamptz,
    ADD COLUMN hold_until  timestamptz,
    ADD COLUMN senders     jsonb NOT NULL DEFAULT '[]';
ALTER TABLE tocsin.incidents
    ADD COLUMN resolver         text NOT NULL DEFAULT '',
    ADD COLUMN is_told_resolved boolean NOT NULL DEFAULT false;
