-- The way home while it is open, as its run tells it.
alter table migrations add column undo jsonb;
