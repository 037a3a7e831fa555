-- Who may call the API. The key itself is shown once and kept nowhere; its SHA-256 is enough, because a key is 256 bits of chance.
create table api_keys (
  id text primary key,
  name text not null,
  role text not null,
  hash {{blob}} not null unique,
  created_us bigint not null,
  revoked_us bigint
);
