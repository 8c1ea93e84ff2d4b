-- What workers of sites have counted, as each told it last. Of no use after a crash: they tell it again.
create unlogged table site_worker_metrics (
  worker_id text collate "C" primary key,
  text text not null,
  told_at timestamptz(3) not null default now()
);
