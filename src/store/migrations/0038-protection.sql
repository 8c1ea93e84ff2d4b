-- Groups of VMs that are protected at another site, and what is kept of them there.
create table protection_groups (
  group_id text collate "C" primary key,
  name text not null,
  workflow_id text not null,
  policy jsonb not null,
  state text not null,
  -- Raised each time another site may write; what acts under an earlier one is refused.
  epoch integer not null default 0,
  writable_site text,
  current_site text not null,
  replicates_to text,
  takeover jsonb,
  recovery_plan_id text,
  unprotected_since timestamptz(3),
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- Set by the run itself: until then it may have to be started again.
  started_at timestamptz(3),
  last_sequence integer not null default 0
);
-- A deleted group's name may be used again.
create unique index protection_groups_by_name on protection_groups (name) where state <> 'deleted';
create index protection_groups_by_age on protection_groups (created_at desc, group_id desc);

create table protection_members (
  group_id text collate "C" not null references protection_groups on delete cascade,
  position integer not null,
  vm_name text not null,
  -- At the site that may write.
  vm_id text not null,
  tags jsonb not null default '{}',
  plan_id text,
  plan_version text,
  problem text,
  primary key (group_id, position)
);

create table group_points (
  point_id text collate "C" primary key,
  group_id text collate "C" not null references protection_groups on delete cascade,
  sequence integer not null,
  kind text not null,
  state text not null,
  epoch integer not null,
  from_site text not null,
  to_site text not null,
  -- Absent until its VMs were frozen.
  taken_at timestamptz(3),
  spread_ms integer,
  together boolean,
  consistency jsonb,
  proven_at timestamptz(3),
  verified_at timestamptz(3),
  suspicion jsonb,
  held_because text,
  reason text,
  bytes_copied bigint not null default 0,
  -- Of what was copied, in bits a byte.
  entropy double precision,
  vms jsonb not null default '[]',
  -- When its bytes were gone, of one that is offered no more.
  removed_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  unique (group_id, sequence)
);
create index group_points_offered on group_points (group_id, taken_at desc) where state = 'complete';

create table protection_events (
  group_id text collate "C" not null references protection_groups on delete cascade,
  sequence integer not null,
  at timestamptz(3) not null,
  type text not null,
  message text not null,
  data jsonb not null default '{}',
  dedupe_key text,
  primary key (group_id, sequence)
);
create unique index protection_events_once on protection_events (group_id, dedupe_key) where dedupe_key is not null;
