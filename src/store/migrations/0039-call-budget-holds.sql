-- What a vendor's "too many requests" means for all workers: until when nobody asks, and how long that was from its start.
alter table call_budgets add column held_until timestamptz;
alter table call_budgets add column held_seconds double precision not null default 0;
