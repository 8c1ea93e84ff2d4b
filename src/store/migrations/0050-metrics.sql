-- What figures there are: one row for each resource and metric.
create table metric_series (
  series_id integer generated always as identity primary key,
  site text not null,
  resource_id text collate "C" not null,
  metric text collate "C" not null,
  created_at timestamptz(3) not null default now(),
  unique (site, metric, resource_id)
);

-- Samples as they came. A partition a day, made by who writes first; a day that is old is summed up and dropped as a whole.
create table metric_samples (
  series_id integer not null,
  at timestamptz(3) not null,
  value double precision not null,
  primary key (series_id, at)
) partition by range (at);

-- Five minutes in a row; a partition a day.
create table metric_minutes (
  series_id integer not null,
  at timestamptz(3) not null,
  samples integer not null,
  total double precision not null,
  low double precision not null,
  high double precision not null,
  primary key (series_id, at)
) partition by range (at);

-- An hour in a row; a partition a month.
create table metric_hours (
  series_id integer not null,
  at timestamptz(3) not null,
  samples integer not null,
  total double precision not null,
  low double precision not null,
  high double precision not null,
  primary key (series_id, at)
) partition by range (at);
