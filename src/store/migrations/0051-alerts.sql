-- When a figure is a reason to tell somebody. A removed rule stays until its alerts have ended.
create table alert_rules (
  rule_id text collate "C" primary key,
  name text collate "C" not null,
  body jsonb not null,
  removed_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create unique index alert_rules_by_name on alert_rules (name) where removed_at is null;

-- How a rule stands with one resource; what never held has no row.
create table alerts (
  rule_id text collate "C" not null references alert_rules on delete cascade,
  site text collate "C" not null,
  resource_id text collate "C" not null,
  group_key text collate "C" not null,
  state text not null,
  since timestamptz(3) not null,
  last_at timestamptz(3) not null,
  value double precision,
  clear_since timestamptz(3),
  fired_at timestamptz(3),
  occurrence integer not null,
  note text,
  -- The last that anybody was told of it: `firing` or `resolved`, with the occurrence.
  told text,
  told_occurrence integer not null default 0,
  -- Since when there is something that nobody was told.
  untold_since timestamptz(3),
  primary key (rule_id, site, resource_id)
);
create index alerts_untold on alerts (group_key) where untold_since is not null;
create index alerts_by_state on alerts (state, since desc);

-- What happened to alerts; each change once, however often it is noticed.
create table alert_events (
  sequence bigint generated always as identity primary key,
  rule_id text collate "C" not null,
  rule_name text not null,
  site text not null,
  resource_id text not null,
  occurrence integer not null,
  state text not null,
  at timestamptz(3) not null,
  value double precision,
  note text,
  unique (rule_id, site, resource_id, occurrence, state)
);

-- What people were told, and how it got to each of them.
create table alert_notifications (
  notification_id text collate "C" primary key,
  rule_id text collate "C" not null,
  body jsonb not null,
  at timestamptz(3) not null
);
create index alert_notifications_by_time on alert_notifications (at desc, notification_id desc);
create table alert_deliveries (
  notification_id text collate "C" not null references alert_notifications on delete cascade,
  action text collate "C" not null,
  state text not null default 'waiting',
  attempts integer not null default 0,
  next_at timestamptz(3) not null default now(),
  last_error text,
  ended_at timestamptz(3),
  primary key (notification_id, action)
);
create index alert_deliveries_waiting on alert_deliveries (next_at) where state = 'waiting';

create table alert_silences (
  silence_id text collate "C" primary key,
  rule_id text collate "C",
  site text,
  resource_id text,
  severity text,
  from_at timestamptz(3) not null,
  until_at timestamptz(3) not null,
  reason text not null,
  created_by text not null
);
create index alert_silences_by_end on alert_silences (until_at desc);

-- When rules were last looked at, all of them; what notices that nobody does.
create table alert_standing (
  one boolean primary key default true check (one),
  evaluated_at timestamptz(3),
  rules integer not null default 0,
  heartbeat_at timestamptz(3),
  heartbeat_error text
);
insert into alert_standing default values;
