-- Pools of VMs that come and go with the load of a site.
create table burst_pools (
  pool_id text collate "C" primary key,
  name text not null,
  site text collate "C" not null,
  -- All that decides: what is watched, how many, what VMs, and where.
  settings jsonb not null,
  tags jsonb not null default '{}',
  -- By a person: at least so many VMs.
  ordered integer not null default 0,
  state text not null default 'active',
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3)
);
create unique index burst_pools_name on burst_pools (name) where state <> 'deleted';

-- What a pool decided; a row lasts for as long as it decided the same.
create table burst_decisions (
  decision_id bigint generated always as identity primary key,
  pool_id text collate "C" not null references burst_pools,
  began_at timestamptz(3) not null,
  ended_at timestamptz(3) not null,
  looks integer not null default 1,
  action text not null,
  reason text not null,
  wanted integer not null,
  have integer not null,
  detail text not null,
  readings jsonb not null,
  candidates jsonb not null default '[]'
);
create index burst_decisions_newest on burst_decisions (pool_id, decision_id desc);

-- One VM of a pool, from its order to its end. A row is there before anything of it is at a site.
create table burst_leases (
  lease_id text collate "C" primary key,
  pool_id text collate "C" not null references burst_pools,
  owner text not null,
  state text not null default 'ordered',
  vm_name text not null,
  site text collate "C",
  vm_id text,
  target_id text,
  instance_type text,
  capacity_type text,
  hourly_micros bigint,
  currency text,
  budget_micros bigint,
  deadline timestamptz(3) not null,
  -- The run that looks after it.
  run_id text,
  leave_reason text,
  -- The ways to get it, the best first, as they were when it was ordered.
  offers jsonb not null,
  steps jsonb not null default '[]',
  problems jsonb not null default '[]',
  ordered_at timestamptz(3) not null default now(),
  serving_at timestamptz(3),
  ended_at timestamptz(3)
);
create index burst_leases_pool on burst_leases (pool_id, ordered_at desc, lease_id desc);
create index burst_leases_open on burst_leases (pool_id) where ended_at is null;

-- What failed lately, and until when it is not asked again.
create table burst_back_offs (
  site text collate "C" not null,
  instance_type text not null,
  capacity_type text not null,
  until timestamptz(3) not null,
  failures integer not null,
  code text not null,
  primary key (site, instance_type, capacity_type)
);
