-- The name of the incident's entry on the status page, which it keeps when it is taken off and gives away when it is merged.

ALTER TABLE tocsin.incidents ADD COLUMN page_entry text;
