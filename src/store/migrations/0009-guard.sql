-- A row while all changes are frozen.
create table freezes (
  single boolean primary key default true check (single),
  since timestamptz(3) not null default now(),
  by text not null,
  reason text not null
);

-- Runs that made their first change while nothing was frozen: they may finish, and undo, what they began.
create table admitted_runs (
  run_id text collate "C" primary key,
  at timestamptz(3) not null default now()
);

-- Whether the run may make changes. No clocks are compared: a run is let in by what is the case at its first change.
create function admit_run(id text) returns boolean language plpgsql as $$
begin
  if exists (select from admitted_runs where run_id = id) then
    return true;
  end if;
  -- Waits for a freeze that is being declared, and makes one wait for us.
  lock table freezes in row share mode;
  if exists (select from freezes) then
    return false;
  end if;
  insert into admitted_runs (run_id) values (id) on conflict do nothing;
  return true;
end $$;

-- Who asked for a plan: they can't be the ones who approve it.
create table plan_requesters (
  plan_id text collate "C" not null,
  requester text collate "C" not null,
  primary key (plan_id, requester)
);

create table approvals (
  plan_id text collate "C" not null,
  plan_hash text not null,
  decided_by text collate "C" not null,
  decided_by_name text not null,
  decision text not null check (decision in ('approve', 'reject')),
  note text,
  decided_at timestamptz(3) not null default now(),
  primary key (plan_id, decided_by)
);

-- The secrets for emergencies that were sealed; only the newest counts, once.
create table break_glass (
  seal_id bigint generated always as identity primary key,
  hash text not null,
  sealed_by text not null,
  sealed_at timestamptz(3) not null default now(),
  opened_at timestamptz(3)
);
