-- VMs and files that are brought back out of recovery points of groups. An open one keeps its point from the retention.
create table restores (
  restore_id text collate "C" primary key,
  -- A plan is carried out once: what it makes has names of its own.
  plan_id text collate "C" not null unique,
  workflow_id text not null,
  group_id text collate "C" not null,
  point_id text collate "C" not null,
  vm_name text not null,
  from_site text not null,
  to_site text not null,
  -- Of the VM, as they were when it was planned: they decide who reaches the restore.
  tags jsonb not null default '{}',
  state text not null,
  step text,
  report jsonb not null default '{}',
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index restores_newest on restores (created_at desc, restore_id desc);
create index restores_open on restores (point_id) where ended_at is null;
