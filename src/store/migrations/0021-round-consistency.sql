-- How consistent the point of a round was.
alter table replica_rounds add column consistency jsonb;
