-- Cost rows, as FOCUS 1.2 has them. They come by the month and by the million, are read whole columns at a time and never change
-- one by one: they are kept as Parquet, a segment for what one delivery says of one billing month.
create table cost_sources (
  source_id text collate "C" primary key,
  provider text not null,
  -- The site that all of it is of; null for an account that spans several.
  site text,
  created_at timestamptz(3) not null default now()
);

create table cost_imports (
  import_id text collate "C" primary key,
  source_id text collate "C" not null,
  provider text not null,
  site text,
  -- Which delivery it is of the source where a month comes in several; '' where it comes whole.
  part text collate "C" not null default '',
  format text,
  file_name text,
  state text not null,
  message text,
  bytes bigint not null default 0,
  rows bigint not null default 0,
  months jsonb not null default '[]',
  -- What breaks the rules of FOCUS, with how many rows do.
  findings jsonb not null default '[]',
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index cost_imports_newest on cost_imports (created_at desc, import_id desc);

-- Files on their way to an import: gone when it has ended.
create table cost_uploads (
  import_id text collate "C" not null references cost_imports on delete cascade,
  sequence integer not null,
  bytes bytea not null,
  primary key (import_id, sequence)
);

create table cost_segments (
  segment_id text collate "C" primary key,
  source_id text collate "C" not null references cost_sources on delete cascade,
  -- `2026-11`.
  billing_month text collate "C" not null,
  part text collate "C" not null default '',
  import_id text collate "C" not null,
  -- SHA-256 of what it was made of: the same again changes nothing.
  content_hash text not null,
  charges_from date not null,
  charges_to date not null,
  rows bigint not null,
  bytes bigint not null,
  imported_at timestamptz(3) not null default now(),
  unique (source_id, billing_month, part)
);

create table cost_segment_chunks (
  segment_id text collate "C" not null references cost_segments on delete cascade,
  sequence integer not null,
  bytes bytea not null,
  primary key (segment_id, sequence)
);
alter table cost_segment_chunks alter column bytes set storage external;
alter table cost_uploads alter column bytes set storage external;

-- How much of a currency one unit of another is worth in a month.
create table exchange_rates (
  from_currency text not null,
  to_currency text not null,
  month text collate "C" not null,
  rate double precision not null,
  source text not null,
  set_at timestamptz(3) not null default now(),
  primary key (from_currency, to_currency, month)
);

-- What a provider says itself that a month cost.
create table cost_statements (
  source_id text collate "C" not null,
  month text collate "C" not null,
  currency text not null,
  -- Millionths of the currency's unit.
  micros bigint not null,
  -- What it is: an invoice's number, the provider's call.
  said_by text not null,
  said_at timestamptz(3) not null default now(),
  primary key (source_id, month, currency)
);
