-- Rounds of a replication: each a point of the running source, moved, sealed and proven at the target.
create table replica_rounds (
  replication_id text collate "C" not null,
  round integer not null,
  given_up boolean not null default false,
  source_point_id text collate "C",
  taken_at timestamptz(3),
  proven_at timestamptz(3),
  disks jsonb not null default '[]',
  primary key (replication_id, round)
);

alter table migrations
  add column warm jsonb,
  add column cutover_asked boolean not null default false;
