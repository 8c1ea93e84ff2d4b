-- What parts words in names, ids and addresses stands as a capital in the text that searches look at, so that the pieces by
-- which the index finds text go across it: foldText of src/domain/search/terms.ts.
drop index resources_by_text;
update resources set search_text = translate(search_text, '-.:=_/@', 'QJXZVKW');
update resource_history set search_text = translate(search_text, '-.:=_/@', 'QJXZVKW');
create index resources_by_text on resources using gin (search_text gin_trgm_ops);
