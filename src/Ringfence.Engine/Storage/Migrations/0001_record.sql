-- {{blob}}, {{serial}} and {{clustered}} are replaced by the dialect. Times are microseconds UTC, money nano-dollars.

create table runs (
  id text primary key,
  status text not null,
  stage text,
  workflow text,
  team text,
  repository text,
  ref text,
  agent text,
  model text,
  prompt_digest text,
  request text,
  request_digest text,
  requested_by text,
  trigger_kind text,
  idempotency_key text,
  created_us bigint not null,
  started_us bigint,
  ended_us bigint,
  fail_reason text,
  fail_message text,
  fail_hint text,
  base_commit text,
  tree text,
  change_digest text,
  branch text,
  commit_id text,
  attempt bigint not null default 0,
  cost_nano bigint not null default 0,
  turns bigint not null default 0,
  checkpoint text,
  worker text,
  lease_expires_us bigint,
  cancel_requested_us bigint,
  cancel_requested_by text
);

create index runs_by_status on runs (status, id);
create index runs_by_lease on runs (lease_expires_us) where lease_expires_us is not null;
create index runs_by_workflow on runs (workflow, id);
create index runs_by_repository on runs (repository, id);
create index runs_by_cost on runs (cost_nano);
create unique index runs_by_idempotency_key on runs (idempotency_key) where idempotency_key is not null;

-- One chain of events per run. The number keeps the events' key short.
create table chains (
  number {{serial}},
  run text not null unique,
  opened_us bigint not null
);

-- body is the event exactly as it was hashed; hash seals it and everything before it.
create table events (
  chain bigint not null,
  seq bigint not null,
  type text not null,
  body text not null,
  hash {{blob}} not null,
  primary key (chain, seq)
) {{clustered}};

-- Apart from everything else: deleting a row here forgets the run's content and leaves its chain whole.
create table run_keys (
  chain bigint primary key,
  key {{blob}} not null
);

create table blobs (
  chain bigint not null,
  digest {{blob}} not null,
  bytes bigint not null,
  kept bigint not null,
  content {{blob}} not null,
  primary key (chain, digest)
);
