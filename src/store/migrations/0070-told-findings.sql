-- The last that people were told of a finding: `open` or `resolved`. Those from before are no news.
alter table policy_findings add column told text;
update policy_findings set told = state where state in ('open', 'resolved');
create index policy_findings_ended_untold on policy_findings (policy_id) where told = 'open' and state = 'resolved';
