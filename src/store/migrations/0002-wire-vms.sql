-- VMs are kept as the text that answers show, so that a list of them is neither parsed nor converted.
create function pg_temp.to_wire(value jsonb) returns jsonb language plpgsql as $$
begin
  case jsonb_typeof(value)
    when 'array' then
      return (select coalesce(jsonb_agg(pg_temp.to_wire(item) order by n), '[]')
        from jsonb_array_elements(value) with ordinality as items(item, n));
    when 'object' then
      return (select coalesce(jsonb_object_agg(
          lower(regexp_replace(key, '([A-Z])', '_\1', 'g')),
          case when key = 'tags' then member else pg_temp.to_wire(member) end), '{}')
        from jsonb_each(value) as members(key, member));
    else
      return value;
  end case;
end $$;

alter table vms add column wire text collate "C";
update vms set wire = pg_temp.to_wire(body)::text;
alter table vms alter column wire set not null, drop column body;
drop function pg_temp.to_wire(jsonb);
