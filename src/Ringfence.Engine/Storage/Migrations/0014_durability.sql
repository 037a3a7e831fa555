-- durable: goes on by itself when its process died. due_us: not to be taken up before. worked_us: time that earlier starts used.
alter table runs add column durable bigint not null default 0;
alter table runs add column starts bigint not null default 0;
alter table runs add column due_us bigint not null default 0;
alter table runs add column claimed_us bigint;
alter table runs add column worked_us bigint not null default 0;

-- What is going is few, whatever the number of runs.
create index runs_by_worker on runs (repository) where worker is not null;
