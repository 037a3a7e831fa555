-- Who may call the API. The key itself is shown once and kept nowhere; its SHA-256 is enough, because a key is 256 bits of chance.
create table api_keys (
  id text primary key,
  name text not null,
  role text not null,
  hash {{blob}} not null unique,
  created_us bigint not null,
  revoked_us bigint
);

-- What a caller of the API said about a run beside the request itself.
create table run_details (
  run text primary key,
  template text,
  callback_url text,
  metadata text
);

create table approvals (
  id text primary key,
  run text not null,
  kind text not null,
  digest text not null,
  shown text not null,
  requested_us bigint not null,
  expires_us bigint,
  decision text,
  decided_us bigint,
  decided_by text,
  channel text,
  comment text
);

create index approvals_by_run on approvals (run, kind);
create index approvals_open on approvals (requested_us) where decision is null;
