-- What the weekly analyses of costs found. Of each resource there is one finding: a recommendation, or why there is none.
create table savings_analyses (
  analysis_id text collate "C" primary key,
  state text not null,
  reason text,
  settings jsonb not null,
  totals jsonb,
  started_at timestamptz(3) not null,
  ended_at timestamptz(3)
);
create index savings_analyses_newest on savings_analyses (started_at desc, analysis_id desc);
create table savings_findings (
  analysis_id text collate "C" not null references savings_analyses on delete cascade,
  -- The same for the same thing in every analysis.
  finding_id text collate "C" not null,
  site text not null,
  -- Of the resource: they decide who sees it.
  tags jsonb not null,
  -- Absent where nothing is recommended.
  type text,
  current_micros bigint not null default 0,
  saving_micros bigint not null default 0,
  document jsonb not null,
  primary key (analysis_id, finding_id)
);
create index savings_findings_largest on savings_findings (analysis_id, saving_micros desc, finding_id);
