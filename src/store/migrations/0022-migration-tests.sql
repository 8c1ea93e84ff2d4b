-- Boots of clones of what is moved, or would be, at the target and cut off from everything there.
create table migration_tests (
  test_id text collate "C" primary key,
  plan_id text collate "C" not null,
  workflow_id text not null,
  migration_id text collate "C",
  vm_name text not null,
  source_vm_id text not null,
  from_site text not null,
  to_site text not null,
  -- Of the VM, as they were when it was planned: they decide who reaches the test.
  tags jsonb not null default '{}',
  state text not null,
  step text,
  report jsonb not null default '{}',
  -- What a run that ended early left behind is removed from then on.
  expires_at timestamptz(3) not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index migration_tests_newest on migration_tests (created_at desc, test_id desc);
create index migration_tests_of on migration_tests (migration_id, created_at desc);
create index migration_tests_open on migration_tests (expires_at) where ended_at is null;
