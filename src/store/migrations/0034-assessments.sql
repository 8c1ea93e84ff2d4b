-- Which VMs of a site could go to another one, and what became of looking at each.
create table assessments (
  assessment_id text collate "C" primary key,
  from_site text not null,
  to_site text not null,
  request jsonb not null,
  -- Who asked: a plan that is carried out may want another person's approval.
  requester text not null,
  workflow_id text not null,
  state text not null,
  reason text,
  report jsonb,
  created_at timestamptz(3) not null default now(),
  -- Set by the run itself: until then it may have to be started again.
  started_at timestamptz(3),
  ended_at timestamptz(3)
);
create index assessments_by_age on assessments (created_at desc, assessment_id desc);

create table assessment_vms (
  assessment_id text collate "C" not null references assessments on delete cascade,
  position integer not null,
  vm_id text not null,
  vm_name text not null,
  tags jsonb not null default '{}',
  -- Null until it was looked at.
  outcome jsonb,
  primary key (assessment_id, position)
);
