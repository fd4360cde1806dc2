-- The sender's word for an alert's severity, where that is not the label `severity`: matchers on severity compare it too.

ALTER TABLE tocsin.alerts ADD COLUMN severity_as_sent text;
