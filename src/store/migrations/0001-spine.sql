-- Keys are compared byte by byte (collate "C"), so that keyset paging doesn't depend on the server's locale.

create table plans (
  plan_id text collate "C" primary key,
  kind text not null,
  hash text not null,
  body jsonb not null,
  created_at timestamptz(3) not null default now()
);

create table migrations (
  migration_id text collate "C" primary key,
  plan_id text not null,
  workflow_id text not null,
  vm_name text not null,
  source_vm_id text not null,
  target_vm_id text,
  from_site text not null,
  to_site text not null,
  state text not null,
  step text,
  progress double precision not null default 0,
  bytes_to_move bigint not null default 0,
  bytes_copied bigint not null default 0,
  bytes_resent bigint not null default 0,
  disks jsonb not null default '[]',
  downtime_seconds double precision,
  boot_proof text,
  certificate_id text,
  problem jsonb,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  last_sequence bigint not null default 0
);
create index migrations_by_age on migrations (created_at desc, migration_id desc);
create index migrations_by_link on migrations (from_site, to_site, created_at desc);
create index migrations_by_state on migrations (state, created_at desc, migration_id desc);

create table migration_steps (
  migration_id text collate "C" not null references migrations on delete cascade,
  step text collate "C" not null,
  ordinal bigint generated always as identity,
  state text not null,
  started_at timestamptz(3) not null,
  ended_at timestamptz(3),
  detail text,
  primary key (migration_id, step)
);

create table migration_events (
  migration_id text collate "C" not null references migrations on delete cascade,
  sequence bigint not null,
  at timestamptz(3) not null,
  type text not null,
  message text not null,
  data jsonb not null default '{}',
  dedupe_key text collate "C",
  primary key (migration_id, sequence)
);
create unique index migration_events_once on migration_events (migration_id, dedupe_key) where dedupe_key is not null;

create table sites (
  site text collate "C" primary key,
  observed_at timestamptz(3),
  error text,
  failed_at timestamptz(3),
  vm_count integer not null default 0
);

create table vms (
  site text collate "C" not null,
  vm_id text collate "C" not null,
  name text collate "C" not null,
  state text collate "C" not null,
  body jsonb not null,
  primary key (site, vm_id)
);
-- Every listing is in the order (name, site, vm_id), whatever it filters by.
create index vms_by_name on vms (name, site, vm_id);
create index vms_by_site on vms (site, name, vm_id);
create index vms_by_state on vms (state, name, site, vm_id);
create index vms_by_site_and_state on vms (site, state, name, vm_id);

create table points (
  site text collate "C" not null,
  point_id text collate "C" not null,
  kind text not null,
  lineage text not null,
  disk_id text not null,
  size_bytes bigint not null,
  manifest_id text not null,
  root_hash text not null,
  migration_id text not null,
  created_at timestamptz(3) not null,
  primary key (site, point_id)
);
create index points_by_root_hash on points (site, root_hash, created_at desc);

create table generations (
  generation_id text collate "C" primary key,
  size_bytes bigint not null,
  parent_manifest_id text,
  attempt integer not null default 0,
  sealed boolean not null default false,
  root_hash text,
  bytes_done bigint not null default 0,
  bytes_to_move bigint not null default 0,
  bytes_copied bigint not null default 0,
  bytes_resent bigint not null default 0,
  -- What the current attempt has sent so far, and what was committed when it began: the difference between what an
  -- attempt sent and what it committed is what its successor sends again.
  attempt_sent bigint not null default 0,
  attempt_base bigint not null default 0,
  created_at timestamptz(3) not null default now(),
  sealed_at timestamptz(3)
) with (fillfactor = 50);

create table manifest_chunks (
  manifest_id text collate "C" not null,
  chunk_index integer not null,
  -- Where every leaf is the same (empty stretches), it is kept once and repeated on reading.
  leaves bytea,
  leaf_repeat integer not null default 1,
  -- Set instead of leaves while they are those of a sealed manifest.
  leaves_from text collate "C",
  done bytea not null,
  primary key (manifest_id, chunk_index),
  check ((leaves is null) <> (leaves_from is null))
);
-- Hashes don't compress: keep them out of line and as they are.
alter table manifest_chunks alter column leaves set storage external;
alter table manifest_chunks alter column done set storage external;

create table rate_leases (
  resource text collate "C" not null,
  holder text collate "C" not null,
  expires_at timestamptz not null,
  primary key (resource, holder)
);

create table call_budgets (
  resource text collate "C" primary key,
  tokens double precision not null,
  refilled_at timestamptz not null
);

create table certificates (
  certificate_id text collate "C" primary key,
  migration_id text not null,
  body jsonb not null,
  created_at timestamptz(3) not null default now()
);

create table tokens (
  name text collate "C" primary key,
  hash text collate "C" not null unique,
  scopes text[] not null,
  created_at timestamptz(3) not null default now()
);

create table audit (
  sequence bigint generated always as identity primary key,
  at timestamptz(3) not null,
  actor text not null,
  action text not null,
  resource text not null,
  request_id text not null,
  workflow_id text,
  outcome text not null,
  before jsonb,
  after jsonb
);
create index audit_by_resource on audit (resource, sequence desc);

create table idempotency_keys (
  route text collate "C" not null,
  key text collate "C" not null,
  body_hash text not null,
  response jsonb,
  claimed_at timestamptz not null default now(),
  primary key (route, key)
);
