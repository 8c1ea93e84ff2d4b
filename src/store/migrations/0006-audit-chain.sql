-- The trail as a chain: each row's hash covers the one before, its place and every byte of its entry. What is searched by
-- is derived from the entry by the database, so that nothing can say otherwise than the entry.
alter table audit rename to audit_before;

create table audit (
  sequence bigint primary key,
  entry text not null,
  hash text collate "C" not null,
  at text collate "C" generated always as (entry::jsonb ->> 'at') stored,
  actor text collate "C" generated always as (entry::jsonb ->> 'actor') stored,
  action text collate "C" generated always as (entry::jsonb ->> 'action') stored,
  resource text collate "C" generated always as (entry::jsonb ->> 'resource') stored,
  request_id text collate "C" generated always as (entry::jsonb ->> 'request_id') stored,
  workflow_id text collate "C" generated always as (entry::jsonb ->> 'workflow_id') stored,
  outcome text collate "C" generated always as (entry::jsonb ->> 'outcome') stored
);
create index audit_by_time on audit (at, sequence);
create index audit_by_actor on audit (actor, sequence desc);
create index audit_by_action on audit (action, sequence desc);
create index audit_by_resource_chained on audit (resource, sequence desc);
create index audit_by_request on audit (request_id, sequence desc);
create index audit_by_workflow on audit (workflow_id, sequence desc) where workflow_id is not null;

-- The chain's end. Its row is what writers wait for, so that places are given out without gaps.
create table audit_head (
  single boolean primary key default true check (single),
  sequence bigint not null,
  hash text not null
) with (fillfactor = 10);
insert into audit_head (sequence, hash) values (0, repeat('0', 64));

-- hash = SHA-256 in hex of: the hash before, a newline, the place, a newline, the entry (canonical JSON).
create function audit_append(entries text[]) returns bigint language plpgsql as $$
declare
  last audit_head;
  entry text;
begin
  select * into last from audit_head for update;
  foreach entry in array entries loop
    last.sequence := last.sequence + 1;
    last.hash := encode(sha256(convert_to(last.hash || E'\n' || last.sequence || E'\n' || entry, 'UTF8')), 'hex');
    insert into audit (sequence, entry, hash) values (last.sequence, entry, last.hash);
  end loop;
  update audit_head set sequence = last.sequence, hash = last.hash;
  return last.sequence;
end $$;

create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is only ever appended to';
end $$;
create trigger audit_is_append_only before update or delete or truncate on audit
  for each statement execute function audit_refuse();

-- Signed heads of the chain, which are kept outside the database, too.
create table audit_checkpoints (
  sequence bigint primary key,
  hash text not null,
  at timestamptz(3) not null,
  key_id text not null,
  public_key text not null,
  signature text not null
);

-- What was there before, canonically: keys sorted, nothing in between.
create function pg_temp.canonical(value jsonb) returns text language sql as $$
  select case jsonb_typeof(value)
    when 'object' then '{' || coalesce((select string_agg(to_json(key)::text || ':' || pg_temp.canonical(member), ','
      order by key collate "C") from jsonb_each(value) as m(key, member)), '') || '}'
    when 'array' then '[' || coalesce((select string_agg(pg_temp.canonical(item), ',' order by n)
      from jsonb_array_elements(value) with ordinality as i(item, n)), '') || ']'
    else value::text end
$$;
do $$
declare
  old audit_before;
begin
  for old in select * from audit_before order by sequence loop
    perform audit_append(array[pg_temp.canonical(jsonb_build_object(
        'at', to_char(old.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'actor', old.actor,
        'action', old.action, 'resource', old.resource, 'request_id', old.request_id, 'outcome', old.outcome)
      || case when old.workflow_id is null then '{}' else jsonb_build_object('workflow_id', old.workflow_id) end
      || case when old.before is null then '{}' else jsonb_build_object('before', old.before) end
      || case when old.after is null then '{}' else jsonb_build_object('request', old.after) end)]);
  end loop;
end $$;
drop table audit_before;
