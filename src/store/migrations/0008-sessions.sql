-- Signed-in people. Only hashes of what they hold are kept, and nothing that the identity provider gave out.
create table sessions (
  session_hash text collate "C" primary key,
  user_id text collate "C" references users,
  kind text not null,
  groups text[] not null default '{}',
  -- When a second factor was last confirmed; null when none was.
  mfa_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  last_seen_at timestamptz(3) not null default now(),
  idle_seconds integer not null,
  ends_at timestamptz(3) not null,
  ended_at timestamptz(3)
);
create index sessions_by_user on sessions (user_id);

-- Sign-ins under way, by the hash of a value that only the browser has.
create table sign_ins (
  state_hash text collate "C" primary key,
  return_to text not null,
  step_up boolean not null,
  cli jsonb,
  ends_at timestamptz(3) not null
);

-- Codes that a command line redeems for a session of its own, once.
create table sign_in_codes (
  code_hash text collate "C" primary key,
  challenge text not null,
  session jsonb not null,
  ends_at timestamptz(3) not null
);
