-- How many leaves of a generation were written, by all attempts together: EBS wants to know when a snapshot is completed.
alter table generations add column leaves_written bigint not null default 0;
