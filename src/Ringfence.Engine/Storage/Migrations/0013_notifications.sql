-- Who is told of runs. The secret is what both sides sign with; it is shown once.
create table webhooks (
  id text primary key,
  url text not null unique,
  events text not null,
  secret {{blob}} not null,
  created_by text not null,
  created_us bigint not null
){{clustered}};

-- The outbox: written in the transaction of what it tells, sent afterwards until it arrives or is given up. webhook is null for a run's own callback
-- and for messages to a channel.
create table deliveries (
  id text primary key,
  webhook text,
  run text not null,
  event text not null,
  url text not null,
  form text not null,
  body text not null,
  status text not null,
  attempts bigint not null default 0,
  next_us bigint not null,
  last_status bigint,
  last_error text,
  created_us bigint not null,
  ended_us bigint
){{clustered}};

create index deliveries_due on deliveries (next_us) where status = 'pending';
create index deliveries_by_webhook on deliveries (webhook, created_us);
create index deliveries_by_run on deliveries (run);
