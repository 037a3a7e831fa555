-- Keys of people and services that use the gateway from outside any sandbox. The key itself is shown once and kept as a digest.
create table gateway_keys (
  id text primary key,
  name text not null,
  owner text not null,
  team text,
  digest text not null unique,
  budget_nd bigint,
  budget_window text,
  requests_per_minute bigint,
  models text not null,
  created_us bigint not null,
  revoked_us bigint
){{clustered}};

-- What was used, by day: enough for a bill, and as many rows as there are keys and models in use.
create table gateway_usage (
  key_id text not null,
  day text not null,
  model text not null,
  calls bigint not null,
  unknown_calls bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  cost_nd bigint not null,
  primary key (key_id, day, model)
){{clustered}};
