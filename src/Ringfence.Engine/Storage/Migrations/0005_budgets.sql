-- A limit for a scope without its window: it holds for every window of that scope.
create table budget_rules (
  scope text primary key,
  limit_nd bigint not null,
  set_by text not null,
  set_us bigint not null
){{clustered}};

-- One row per scope and window. Nothing is ever reset: the next window is another row.
create table budget_scopes (
  scope text primary key,
  rule text not null,
  limit_nd bigint,
  spent_nd bigint not null,
  held_nd bigint not null,
  stop text,
  opened_us bigint not null
){{clustered}};

create index budget_scopes_by_rule on budget_scopes (rule);

-- Money that a gateway may spend without asking. After a crash it counts as spent, when it expires.
create table budget_blocks (
  scope text not null,
  holder text not null,
  held_nd bigint not null,
  expires_us bigint not null,
  primary key (scope, holder)
){{clustered}};

create index budget_blocks_by_expiry on budget_blocks (expires_us);

-- The kill switch: everything whose scopes are under one of these is stopped.
create table budget_stops (
  scope text primary key,
  stopped_by text not null,
  stopped_us bigint not null
){{clustered}};
