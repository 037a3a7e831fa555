-- The type stands in the body already: an event's bytes are stored once.

drop view audit_events;
drop view audit_secrets;
drop view audit_approvals;
drop view audit_gates;
drop view audit_commits;

alter table events drop column type;

create view audit_events as
select c.run, e.seq, {{text e.body type}} as type, {{integer e.body at_us}} as at_us, {{text e.body trust}} as trust, e.body
  from events e join chains c on c.number = e.chain;

create view audit_secrets as
select t.text as secret, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body type}} as type, {{text e.body data host}} as host,
       {{text e.body data header}} as header, {{text e.body data where}} as place, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'secret';

create view audit_approvals as
select t.text as digest, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body type}} as type, {{text e.body data kind}} as kind,
       {{text e.body data decision}} as decision, {{text e.body data by}} as decided_by, {{text e.body data authenticated_by}} as authenticated_by,
       {{text e.body data channel}} as channel, {{text e.body data comment}} as comment, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'digest';

create view audit_gates as
select t.text as gate, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body type}} as type, {{text e.body data severity}} as severity,
       {{text e.body data place}} as place, {{text e.body data evidence}} as evidence, {{text e.body data by}} as waived_by,
       {{text e.body data reason}} as reason, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'gate';

create view audit_commits as
select t.text as commit_id, c.run, m.seq, r.workflow, {{integer e.body at_us}} as at_us, {{text e.body type}} as type, {{text e.body data branch}} as branch,
       {{text e.body data url}} as url, {{text e.body data tree}} as tree, m.chain
  from terms t join mentions m on m.term = t.id join events e on e.chain = m.chain and e.seq = m.seq
  join chains c on c.number = m.chain left join runs r on r.id = c.run
 where t.kind = 'commit';
