-- How far the move of a running guest is, and what its switch came to.
alter table migrations add column live jsonb;
