-- Words by which events are found again. Derived from the events: dropping and rebuilding them loses nothing.

create table terms (
  id {{serial}},
  kind text not null,
  text text not null,
  unique (kind, text)
);

create table mentions (
  term bigint not null,
  chain bigint not null,
  seq bigint not null,
  primary key (term, chain, seq)
) {{clustered}};

create virtual table terms_text using fts5(text, content = '', tokenize = 'unicode61'); --only sqlite
create trigger terms_text_add after insert on terms when new.kind = 'argv' begin insert into terms_text (rowid, text) values (new.id, new.text); end; --only sqlite
create index terms_text on terms using gin (to_tsvector('simple', regexp_replace(text, '[^[:alnum:]]+', ' ', 'g'))) where kind = 'argv'; --only postgres

create index chains_by_opening on chains (opened_us);

-- One row per run, day and model: what all the sums are made of.
create table spend (
  chain bigint not null,
  day bigint not null,
  provider text not null,
  model text not null,
  workflow text,
  team text,
  requested_by text,
  calls bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  cost_nano bigint not null,
  primary key (chain, day, provider, model)
) {{clustered}};

-- The stable views. Columns are added at the end, never renamed or removed.

create view audit_events as
select c.run, e.seq, e.type, {{integer e.body at_us}} as at_us, {{text e.body trust}} as trust, e.body
  from events e join chains c on c.number = e.chain;

create view audit_runs as
select id as run, status, workflow, team, repository, ref, agent, model, requested_by, created_us, started_us, ended_us,
       fail_reason, fail_message, base_commit, tree, change_digest, branch, commit_id, cost_nano, turns
  from runs;

create view audit_files as
select t.text as path, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body data operation}} as operation,
       {{text e.body data before_oid}} as before_oid, {{text e.body data after_oid}} as after_oid,
       {{integer e.body data lines_added}} as lines_added, {{integer e.body data lines_removed}} as lines_removed,
       {{text e.body data by}} as changed_by, {{text e.body data attribution}} as attribution, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'path';

create view audit_commands as
select t.text as program, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body data arguments}} as arguments,
       {{text e.body data sandbox}} as sandbox, {{integer e.body data command}} as command, {{integer e.body data parent}} as parent,
       {{text e.body data working_directory}} as working_directory, {{text e.body data executable_digest}} as executable_digest, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'program';

create view audit_failed_commands as
select t.text as program, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{integer e.body data exit_code}} as exit_code,
       {{text e.body data sandbox}} as sandbox, {{integer e.body data command}} as command, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'failed';

create view audit_connections as
select t.text as host, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{integer e.body data port}} as port,
       t.kind = 'host' as allowed, {{text e.body data reason}} as reason, {{text e.body data rule}} as rule,
       {{text e.body data protocol}} as protocol, {{integer e.body data bytes_up}} as bytes_up, {{integer e.body data bytes_down}} as bytes_down, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind in ('host', 'denied');

create view audit_secrets as
select t.text as secret, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, e.type, {{text e.body data host}} as host,
       {{text e.body data header}} as header, {{text e.body data where}} as place, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'secret';

create view audit_approvals as
select t.text as digest, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, e.type, {{text e.body data kind}} as kind,
       {{text e.body data decision}} as decision, {{text e.body data by}} as decided_by, {{text e.body data authenticated_by}} as authenticated_by,
       {{text e.body data channel}} as channel, {{text e.body data comment}} as comment, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'digest';

create view audit_gates as
select t.text as gate, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, e.type, {{text e.body data severity}} as severity,
       {{text e.body data place}} as place, {{text e.body data evidence}} as evidence, {{text e.body data by}} as waived_by,
       {{text e.body data reason}} as reason, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'gate';

create view audit_context as
select c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body data kind}} as kind,
       {{integer e.body data tokens_before}} as tokens_before, {{integer e.body data tokens_after}} as tokens_after,
       {{text e.body data dropped_digests}} as dropped_digests, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'type' and t.text = 'context.changed';

create view audit_commits as
select t.text as commit_id, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, e.type, {{text e.body data branch}} as branch,
       {{text e.body data url}} as url, {{text e.body data tree}} as tree, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'commit';

create view audit_checks as
select c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body data command}} as command, {{text e.body data passed}} as passed,
       {{integer e.body data exit_code}} as exit_code, {{text e.body data tree}} as tree, {{integer e.body data attempt}} as attempt, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'type' and t.text = 'verification.finished';

create view audit_spend as
select c.run, s.day, s.provider, s.model, s.workflow, s.team, s.requested_by, s.calls, s.input_tokens, s.cache_read_tokens, s.cache_write_tokens,
       s.output_tokens, s.cost_nano, s.chain
  from spend s join chains c on c.number = s.chain;
