-- Price lists: the one that comes with the product, and later ones read from a cloud. A price is in one list; a newer list takes it over.
create table price_lists (
  list_id text collate "C" primary key,
  content_hash text not null,
  loaded_at timestamptz not null default now()
);

create table price_sources (
  list_id text collate "C" not null references price_lists on delete cascade,
  source_id text collate "C" not null,
  source text not null,
  derived text,
  primary key (list_id, source_id)
);

create table prices (
  provider text collate "C" not null,
  region text collate "C" not null,
  kind text collate "C" not null,
  item text collate "C" not null,
  terms text collate "C" not null,
  above integer not null,
  -- Millionths of the currency's unit.
  micros bigint not null,
  currency text not null,
  unit text not null,
  priced_on text collate "C" not null,
  -- A row of price_sources; the loader sees to it, as a foreign key would double the time that loading takes.
  list_id text collate "C" not null,
  source_id text collate "C" not null,
  -- Of instance types.
  cpus double precision,
  memory_bytes bigint,
  architecture text,
  gpus integer,
  burstable boolean,
  interruption_band integer,
  primary key (provider, region, kind, item, terms, above)
);
create index prices_by_list on prices (list_id);
