-- How the way of users to a VM moves with it.
alter table migrations add column traffic jsonb;
