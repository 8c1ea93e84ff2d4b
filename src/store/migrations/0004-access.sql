-- Who may do what. What a row belongs to is its site and its tags; a project is the tag of that name.

alter table migrations add column tags jsonb not null default '{}';
create index migrations_by_tags on migrations using gin (tags jsonb_path_ops);

create table users (
  user_id text collate "C" primary key,
  name text not null,
  email text,
  -- Who vouches for the person; absent for one that was entered by hand and uses tokens only.
  issuer text,
  subject text,
  created_at timestamptz(3) not null default now(),
  last_seen_at timestamptz(3),
  disabled_at timestamptz(3),
  unique (issuer, subject)
);

-- A role within a scope, for a user, a group of the identity provider, or a token.
create table role_bindings (
  binding_id text collate "C" primary key,
  holder text collate "C" not null,
  role text not null,
  site text collate "C",
  tags jsonb not null default '{}',
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  unique nulls not distinct (holder, role, site, tags)
);

alter table tokens rename to tokens_before;
create table tokens (
  token_id text collate "C" primary key,
  name text collate "C" not null,
  hash text collate "C" not null unique,
  -- After a rotation, for as long as programs may still hold the one before.
  previous_hash text collate "C" unique,
  previous_until timestamptz(3),
  user_id text collate "C" references users,
  -- No more than these of what the roles allow; all of it when absent.
  permissions text[],
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3)
);
create unique index tokens_by_name on tokens (name) where revoked_at is null;
insert into tokens (token_id, name, hash, created_by, created_at)
  select name, name, hash, 'token/bootstrap', created_at from tokens_before where name = 'bootstrap';
drop table tokens_before;
