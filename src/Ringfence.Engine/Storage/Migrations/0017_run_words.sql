-- By what runs are found again, apart from the runs: a run that moves on touches none of this. Words are in lower case with a space between.
create table run_words (
  number {{serial}},
  run text not null unique,
  words text not null
);

create virtual table run_words_text using fts5(words, content = 'run_words', content_rowid = 'number', detail = none, prefix = '3 4 5', tokenize = 'unicode61 remove_diacritics 0'); --only sqlite
create trigger run_words_add after insert on run_words begin insert into run_words_text (rowid, words) values (new.number, new.words); end; --only sqlite

-- A short list of what is not in the index yet: putting it in is then never long enough to be felt by whoever inserts.
create index run_words_by_word on run_words using gin (array_to_tsvector(string_to_array(words, ' '))) with (gin_pending_list_limit = 64); --only postgres

-- Runs of earlier versions, whose words a server adds when it starts.
create table runs_without_words (
  run text primary key
){{clustered}};

insert into runs_without_words (run) select id from runs;

-- null is a branch, which most are.
alter table runs add column output text;
update runs set output = 'patch' where request like '%"output":"patch"%';
update runs set output = 'pull_request' where request like '%"output":"pull_request"%';
update runs set output = 'none' where request like '%"output":"none"%';

create index runs_by_model on runs (model, id);
create index runs_by_template on runs (template, id) where template is not null;
create index runs_by_output on runs (output, id) where output is not null;
drop index runs_by_cost;
create index runs_by_cost on runs (cost_nano, id);
