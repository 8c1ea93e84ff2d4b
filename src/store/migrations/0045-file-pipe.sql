-- Bytes of restored files on their way from a worker to whoever downloads them: a few chunks at a time, each gone when it was
-- read. Nothing of them outlives a crash.
create unlogged table file_pipe (
  pipe_id text collate "C" not null,
  sequence integer not null,
  bytes bytea not null,
  created_at timestamptz(3) not null default now(),
  primary key (pipe_id, sequence)
);
