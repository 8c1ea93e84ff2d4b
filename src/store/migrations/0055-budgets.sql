-- What a team, a project or everything may cost in a day, a month or a quarter, and how it stands.
create table budgets (
  budget_id text collate "C" primary key,
  name text not null unique,
  where_text text not null,
  -- Millionths of the currency's unit.
  micros bigint not null,
  currency text not null,
  period text not null,
  cost text not null,
  warn_at jsonb not null,
  created_by text not null,
  created_at timestamptz(3) not null default now()
);

-- How costs are divided that are nobody's own.
create table cost_split_rules (
  rule_id text collate "C" primary key,
  name text not null unique,
  where_text text not null,
  method text not null,
  weights jsonb,
  among jsonb,
  created_by text not null,
  created_at timestamptz(3) not null default now()
);
