-- Connections whose far end a person configures: what was said of that device. Its name stands in far_site.
alter table connections add column device jsonb;
