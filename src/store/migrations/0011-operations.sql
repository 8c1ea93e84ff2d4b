-- Runs of plans that do something to VMs beside moving them.
create table operations (
  operation_id text collate "C" primary key,
  plan_id text collate "C" not null,
  workflow_id text not null,
  kind text not null,
  state text not null,
  total integer not null,
  -- What it touches, one object a VM (`{site, tags}`): only who reaches all of it reaches the operation.
  subjects jsonb not null,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index operations_newest on operations (created_at desc, operation_id desc);

-- One row a VM: the report.
create table operation_items (
  operation_id text collate "C" not null references operations on delete cascade,
  item integer not null,
  site text not null,
  name text not null,
  vm_id text,
  state text not null,
  step text,
  problem jsonb,
  started_at timestamptz(3),
  ended_at timestamptz(3),
  primary key (operation_id, item)
);
