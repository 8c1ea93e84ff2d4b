-- Whose a saved search is and whether others see it. Names are one's own, so that nobody learns of another's by a clash.

alter table saved_searches add column owner text collate "C";
update saved_searches set owner = created_by;
alter table saved_searches alter column owner set not null;
alter table saved_searches drop column created_by;
alter table saved_searches add column shared boolean not null default false;
alter table saved_searches drop constraint saved_searches_name_key;
alter table saved_searches add unique (owner, name);
create index saved_searches_by_name on saved_searches (name, search_id);
