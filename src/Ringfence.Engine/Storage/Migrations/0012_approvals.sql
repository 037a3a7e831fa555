-- What people are asked. shown is exactly what they see, digest its SHA-256.
create table approvals (
  id text primary key,
  run text not null,
  kind text not null,
  digest text not null,
  shown text not null,
  needs text not null,
  status text not null,
  requested_by text not null,
  trigger_author text,
  requested_us bigint not null,
  expires_us bigint not null,
  decided_us bigint
){{clustered}};

create index approvals_by_run on approvals (run, requested_us);
create index approvals_pending on approvals (expires_us) where status = 'pending';

-- One answer of one person. There is no way to change one's mind: a changed thing is another approval.
create table approval_answers (
  approval text not null,
  decided_by text not null,
  decision text not null,
  authenticated_by text not null,
  channel text not null,
  comment text,
  decided_us bigint not null,
  primary key (approval, decided_by)
){{clustered}};

-- Signed links that were given out; a link is good once.
create table approval_links (
  id text primary key,
  approval text not null,
  principal text not null,
  issued_by text not null,
  expires_us bigint not null,
  used_us bigint
){{clustered}};

-- Keys that this installation signs with: links, waivers, callbacks. All replicas of one database share them.
create table signing_keys (
  name text primary key,
  secret {{blob}} not null
){{clustered}};

create table waivers (
  id text primary key,
  gate text not null,
  place text not null,
  repository text,
  decided_by text not null,
  reason text not null,
  created_us bigint not null,
  expires_us bigint not null,
  revoked_by text,
  revoked_us bigint,
  signature {{blob}} not null
){{clustered}};
