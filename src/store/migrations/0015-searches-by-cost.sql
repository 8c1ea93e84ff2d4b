-- What VMs cost, in its order, with what is asked for beside it: a search for CPUs or memory sorted by cost is answered by the
-- index alone, however far from its beginning the matches lie.
create index resources_of_cpus_by_cost on resources (monthly_cost_micros, resource_no) include (cpus, memory_bytes)
  where cpus is not null;
