-- What the processes say, for those who look for it later. Lost lines are no harm: nothing is decided by them.
create table log_lines (
  sequence bigint generated always as identity primary key,
  at timestamptz not null,
  level smallint not null,
  process text not null,
  message text not null,
  trace_id text,
  request_id text,
  -- Runs that belong to another have its id with more behind it, which is a range then.
  workflow_id text collate "C",
  run_id text,
  activity text,
  attempt integer,
  site text,
  vm_id text,
  facts jsonb not null default '{}'
);
create index log_lines_at on log_lines (at, sequence);
create index log_lines_workflow on log_lines (workflow_id, at, sequence) where workflow_id is not null;
create index log_lines_trace on log_lines (trace_id, at, sequence) where trace_id is not null;
