-- When sites could not be read, so that a view of the past says how old it was then.

alter table inventory_reads add column failing_since timestamptz(3);
update inventory_reads set failing_since = failed_at where error is not null;

-- From the first failure until the next complete reading, with the reading that was shown meanwhile.
create table inventory_gaps (
  site text collate "C" not null,
  kind text collate "C" not null,
  failing_since timestamptz(3) not null,
  until timestamptz(3) not null,
  observed_at timestamptz(3),
  error text not null,
  primary key (site, kind, failing_since)
);
create index inventory_gaps_by_end on inventory_gaps (until);
