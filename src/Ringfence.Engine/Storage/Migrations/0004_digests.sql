-- Signed statements about how far the record had come, and the heads that each vouches for.

create table digests (
  number bigint primary key,
  at_us bigint not null,
  previous text not null,
  root text not null,
  runs bigint not null,
  key text not null,
  signature {{blob}} not null
);

-- ended: the head is the run's last event, so that no later digest need look at it.
create table digest_heads (
  digest bigint not null,
  chain bigint not null,
  run text not null,
  events bigint not null,
  head {{blob}} not null,
  ended bigint not null,
  primary key (chain, digest)
) {{clustered}};

create index digest_heads_by_digest on digest_heads (digest);
