-- What arrived, or came due, and what became of it. One row for each name a sender gives it and for each content: neither a repeated delivery nor a replay
-- under another name starts anything.
create table trigger_deliveries (
  id text primary key,
  digest text not null unique,
  source text not null,
  event text not null,
  status text not null,
  detail text,
  approved_by text,
  runs text,
  received_us bigint not null,
  claimed_us bigint not null default 0,
  attempts bigint not null default 0
){{clustered}};

create index trigger_deliveries_open on trigger_deliveries (received_us) where status = 'received';
create index trigger_deliveries_by_time on trigger_deliveries (received_us);

-- When each schedule fires next. Whoever moves a row on is the one who fires.
create table trigger_schedules (
  source text not null,
  workflow text not null,
  cron text not null,
  next_us bigint not null,
  primary key (source, workflow, cron)
){{clustered}};
