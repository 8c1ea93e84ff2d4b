-- Ranges that new networks get theirs of, and what was given out. What was given back keeps its row, with when.
create table address_pools (
  name text collate "C" primary key,
  cidr text not null,
  excluded jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now()
);

create table address_allocations (
  allocation_id text collate "C" primary key,
  pool text not null,
  cidr text not null,
  site text not null,
  name text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  released_at timestamptz
);
create index address_allocations_held on address_allocations (pool) where released_at is null;
