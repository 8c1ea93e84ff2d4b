-- What providers themselves expect their sites to cost: the newest that each has said.
create table cost_forecasts (
  site text collate "C" primary key,
  said_by text not null,
  currency text not null,
  -- [{day, micros, low, high}], from the day on which it was said.
  days jsonb not null,
  -- Of the interval, where the provider tells one.
  level double precision,
  said_at timestamptz(3) not null default now()
);
