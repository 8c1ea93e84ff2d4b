-- Going through the words of each row for this one was a third of what a sum over many rows took.
alter table resources add column unused boolean not null generated always as (terms @> array['is' || chr(31) || 'unused']) stored;
