-- What VMs of one site get at another. Each change is a version of its own, and so is a removal, which has no content: plans
-- say which one they were made with, and a name that is used again goes on counting.
create table migration_maps (
  name text collate "C" not null,
  version integer not null,
  from_site text not null,
  to_site text not null,
  content jsonb,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (name, version)
);
