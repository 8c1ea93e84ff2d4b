-- This control plane itself. Its row goes with the backups: whoever is rebuilt from one is the same installation.
create table control_plane (
  single boolean primary key default true check (single),
  installation_id text not null default gen_random_uuid()::text,
  -- Another one for each control plane that was brought up from a backup.
  holder_id text not null default gen_random_uuid()::text,
  epoch integer not null default 1,
  -- When its own claim was seen last at a site.
  seen_at timestamptz(3),
  -- The claim of the one that took over.
  superseded_by jsonb,
  -- Its runs may be gone, as it was rebuilt: they are looked for before anything else.
  rebuilt_at timestamptz(3)
);
insert into control_plane default values;

-- Where its backups go: a row a site, of the newest one there and of the newest attempt.
create table control_plane_places (
  site text collate "C" primary key,
  backup_id text,
  taken_at timestamptz(3),
  proven_at timestamptz(3),
  bytes bigint,
  rows bigint,
  kept integer,
  took_ms integer,
  tried_at timestamptz(3) not null default now(),
  -- Why the newest attempt failed.
  problem text
);

-- What was under way when it was rebuilt, and what has become of it.
create table interrupted_runs (
  workflow_id text collate "C" primary key,
  kind text not null,
  subject text not null,
  state text not null,
  outcome text not null,
  advice text,
  at timestamptz(3) not null default now()
);
