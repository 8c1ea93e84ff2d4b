-- Who goes before whom (the lowest rank, then who came first), and what each can use of the limit (unknown: all of it).
alter table rate_leases
  add column ticket bigint generated always as identity,
  add column rank double precision not null default 0,
  add column needs double precision;
