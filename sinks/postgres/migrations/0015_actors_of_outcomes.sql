-- Who gave a command: what became of it is told to nobody else but admins. Null: a batch, or a command from before.

ALTER TABLE tocsin.outcomes ADD COLUMN actor text;
