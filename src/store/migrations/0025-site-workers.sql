-- Machines that work for one site. What they show as their certificate is known by its SHA-256: the newest, and the one
-- before it, which connections that are open still show.
create table site_workers (
  worker_id text collate "C" primary key,
  site text collate "C" not null,
  name text not null,
  certificate_hash text collate "C" not null,
  previous_hash text collate "C",
  certificate_ends_at timestamptz(3) not null,
  -- Where workers of other sites reach it; null for one that only calls out.
  data_address text,
  joined_at timestamptz(3) not null default now(),
  seen_at timestamptz(3),
  draining_since timestamptz(3),
  removed_at timestamptz(3)
);
create index site_workers_by_site on site_workers (site) where removed_at is null;

create table join_tokens (
  hash text collate "C" primary key,
  site text collate "C" not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  used_at timestamptz(3)
);

-- What went over the wire for it, compressed and framed; 0 where no wire of ours was between source and target.
alter table generations add column bytes_on_wire bigint not null default 0;
