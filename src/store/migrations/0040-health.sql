-- What a site's watchdog asks: that the lease of a group is renewed for it. Answered by a worker, which reaches the recovery site.
create table lease_asks (
  ask_id text collate "C" primary key,
  group_id text collate "C" not null,
  site text not null,
  epoch integer not null,
  watched boolean not null,
  asked_at timestamptz(3) not null default now(),
  answered_at timestamptz(3),
  answer jsonb
);
create index lease_asks_open on lease_asks (asked_at) where answered_at is null;

-- What a vantage point saw of a site in one round of probes.
create table health_samples (
  site text not null,
  vantage text not null,
  failure_domain text not null,
  at timestamptz(3) not null default now(),
  -- `up`, `down`, or `blind` where the vantage point saw nothing else either.
  sees text not null,
  probes jsonb not null,
  primary key (site, vantage, at)
);
create index health_samples_by_time on health_samples (at);

-- What was decided about a site, also that nothing is to be done, with the samples that it was decided on.
create table health_decisions (
  decision_id text collate "C" primary key,
  site text not null,
  -- Of a decision about one group; absent of one about the site.
  group_id text collate "C",
  epoch integer,
  at timestamptz(3) not null default now(),
  verdict text not null,
  action text not null,
  reasons jsonb not null,
  samples jsonb not null,
  -- Of one that a person is asked for.
  deadline timestamptz(3),
  make_sure_of jsonb,
  answered_at timestamptz(3),
  answered_by text,
  answer jsonb
);
create index health_decisions_by_site on health_decisions (site, at desc, decision_id desc);
