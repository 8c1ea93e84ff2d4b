-- What a finalize found that its confirmed plan did not name.
alter table migrations add column left_alone jsonb;
