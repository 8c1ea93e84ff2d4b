-- Connections between sites: what both ends were told, and how they stand. No key is here.
create table connections (
  connection_id text collate "C" primary key,
  near_site text not null,
  far_site text not null,
  state text not null,
  -- Of the keys.
  generation integer not null default 1,
  plan jsonb,
  problem jsonb,
  seen jsonb,
  drill jsonb,
  keys_at timestamptz(3),
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  changed_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index connections_newest on connections (created_at desc, connection_id desc);
-- Two sites have one connection at most.
create unique index connections_of_pair on connections (least(near_site, far_site), greatest(near_site, far_site))
  where ended_at is null;
