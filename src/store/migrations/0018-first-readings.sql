-- Before its first reading nothing is known of a site: a view of a moment before that is not complete.

alter table inventory_reads add column first_observed_at timestamptz(3);
update inventory_reads as i set first_observed_at = coalesce(
  (select min(r.first_seen_at) from resources as r where r.site = i.site and r.kind = i.kind), i.observed_at)
  where i.observed_at is not null;
