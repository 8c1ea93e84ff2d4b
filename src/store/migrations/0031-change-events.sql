-- Who listens to what sites tell of their changes, and what has come of it.
create table inventory_watches (
  site text collate "C" primary key,
  -- Since when it is listened; null while it isn't.
  listening_since timestamptz(3),
  -- By this the listener is known to be alive.
  heard_at timestamptz(3),
  changed_at timestamptz(3),
  changes bigint not null default 0,
  error text
);
