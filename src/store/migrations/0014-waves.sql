-- Who may work on moves now, and who waits in which order. A row whose lease has run out belongs to a run of which
-- somebody has to ask whether it still exists.
create table slot_leases (
  resource text collate "C" not null,
  holder text collate "C" not null,
  ticket bigint generated always as identity,
  granted boolean not null default false,
  expires_at timestamptz not null,
  primary key (resource, holder)
);

-- What each holder was given, so that newcomers get no more than is left.
alter table rate_leases add column per_second double precision not null default 0;

create table waves (
  wave_id text collate "C" primary key,
  name text not null,
  plan_id text not null,
  workflow_id text not null,
  state text not null,
  parallel integer,
  groups jsonb not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- Set by the run itself: until then it may have to be started again.
  started_at timestamptz(3),
  ended_at timestamptz(3)
);
create index waves_by_age on waves (created_at desc, wave_id desc);

create table wave_members (
  wave_id text collate "C" not null references waves on delete cascade,
  position integer not null,
  group_name text not null,
  migration_id text collate "C" not null,
  vm_name text not null,
  source_vm_id text not null,
  from_site text not null,
  to_site text not null,
  tags jsonb not null default '{}',
  state text not null,
  reason text,
  bytes_to_move bigint not null default 0,
  started_at timestamptz(3),
  ended_at timestamptz(3),
  primary key (wave_id, position)
);

alter table migrations add column wave_id text collate "C";
create index migrations_by_wave on migrations (wave_id) where wave_id is not null;
