-- How protection groups are brought up at their recovery sites, in versions, and what came of it.
create table recovery_plans (
  group_id text collate "C" not null references protection_groups on delete cascade,
  version integer not null,
  -- Absent where this version is the plan's removal.
  content jsonb,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  primary key (group_id, version)
);

create table recovery_runs (
  run_id text collate "C" primary key,
  group_id text collate "C" not null references protection_groups on delete cascade,
  workflow_id text not null,
  plan_id text not null,
  mode text not null,
  reason text not null,
  from_site text not null,
  to_site text not null,
  -- Of the plan that was carried out; absent until it was opened.
  recovery_plan_version integer,
  state text not null default 'running',
  waits_for text,
  report jsonb,
  problem jsonb,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index recovery_runs_by_group on recovery_runs (group_id, created_at desc, run_id desc);

create table recovery_steps (
  run_id text collate "C" not null references recovery_runs on delete cascade,
  position integer not null,
  step text not null,
  detail text not null,
  boot_group text,
  vm text,
  state text not null,
  started_at timestamptz(3) not null,
  ended_at timestamptz(3),
  outcome text,
  problem jsonb,
  primary key (run_id, position)
);
