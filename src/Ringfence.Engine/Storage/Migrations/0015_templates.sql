-- What runs of one kind have in common, as the API's callers wrote it.
create table templates (
  slug text primary key,
  id text not null,
  body text not null,
  created_us bigint not null,
  changed_us bigint not null
){{clustered}};

alter table runs add column template text;
