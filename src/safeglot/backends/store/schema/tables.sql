-- `replies.key` is that of a request which may be asked again word by word (a judge's first check,
-- translators, what a re-read step asks); a reply of the plan has none. `responses.key` is that of an
-- answer which a file brought, or which an earlier version wrote; others have the key of `KEY`.
-- `verdicts.reply` is the first of a judge's replies, which have numbers in a row. `failures.work` is the
-- text that was to be answered (stage generate) or the answer that was to be judged (stage judge).
-- `cosines` are those of answers with their prompts; their step, of stage encode, names the encoder.
-- `batches` are those given to a service: `ticket` is its name of one, "" until it is known, and `began` and
-- `ended` are seconds of Unix time. `batch_requests` are those of their requests, by their keys, whose
-- replies are not stored. `looks` is the ledger of a plan that stops early; `category` is empty
-- where a row is of a whole language. `history` is how often a prompt was answered unsafely in earlier
-- runs, and `chosen` are the texts that a model was asked for that, and not evenly.

CREATE TABLE prompts(
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, text TEXT NOT NULL, language TEXT NOT NULL,
  categories TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE translations(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, prompt TEXT NOT NULL, language TEXT NOT NULL,
  text TEXT NOT NULL, translator TEXT NOT NULL, quality TEXT NOT NULL, checks TEXT NOT NULL,
  kept INTEGER NOT NULL, reason TEXT NOT NULL, arm TEXT NOT NULL, variant TEXT NOT NULL);
CREATE TABLE steps(
  id INTEGER PRIMARY KEY, stage TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
  mode TEXT NOT NULL, UNIQUE(stage, name));
CREATE TABLE replies(
  id INTEGER PRIMARY KEY, key TEXT, text TEXT NOT NULL, finish_reason TEXT NOT NULL,
  n_tokens INTEGER, n_prompt_tokens INTEGER, logprobs TEXT, thought TEXT NOT NULL,
  n_thought_tokens INTEGER, served_by TEXT NOT NULL, refused INTEGER NOT NULL);
CREATE UNIQUE INDEX replies_by_key ON replies(key) WHERE key IS NOT NULL;
CREATE TABLE responses(
  id INTEGER PRIMARY KEY, translation INTEGER NOT NULL, step INTEGER NOT NULL,
  sample INTEGER NOT NULL, reply INTEGER NOT NULL, key TEXT);
CREATE UNIQUE INDEX responses_of ON responses(translation, step, sample);
CREATE UNIQUE INDEX responses_by_key ON responses(key) WHERE key IS NOT NULL;
CREATE TABLE verdicts(
  response INTEGER NOT NULL, step INTEGER NOT NULL, unsafe INTEGER, unsafe_loose INTEGER,
  label TEXT NOT NULL, p_unsafe REAL, codes TEXT NOT NULL, refusal INTEGER, response_class TEXT,
  rationale TEXT NOT NULL, reason TEXT NOT NULL, reply INTEGER,
  PRIMARY KEY(response, step)) WITHOUT ROWID;
CREATE TABLE failures(
  stage TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL, by TEXT NOT NULL,
  sample INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL,
  transient INTEGER NOT NULL, text TEXT NOT NULL, thought TEXT NOT NULL, work INTEGER,
  PRIMARY KEY(stage, key)) WITHOUT ROWID;
CREATE UNIQUE INDEX failures_of ON failures(stage, by, work, sample) WHERE work IS NOT NULL;
CREATE TABLE traits(
  response INTEGER PRIMARY KEY, version INTEGER NOT NULL, invalid TEXT, language TEXT,
  confidence REAL, truncated INTEGER NOT NULL, thought_language TEXT);
CREATE TABLE cosines(
  response INTEGER NOT NULL, step INTEGER NOT NULL, cosine REAL NOT NULL,
  PRIMARY KEY(response, step)) WITHOUT ROWID;
CREATE TABLE draws(
  response INTEGER PRIMARY KEY, judge TEXT NOT NULL, language TEXT NOT NULL, stratum TEXT NOT NULL,
  wanted INTEGER NOT NULL, design TEXT NOT NULL);
CREATE TABLE labels(
  response INTEGER NOT NULL, annotator TEXT NOT NULL, label TEXT NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY(response, annotator)) WITHOUT ROWID;
CREATE TABLE batches(
  id INTEGER PRIMARY KEY, model TEXT NOT NULL, address TEXT NOT NULL, ticket TEXT NOT NULL,
  state TEXT NOT NULL, requests INTEGER NOT NULL, began REAL NOT NULL, ended REAL);
CREATE TABLE batch_requests(key TEXT PRIMARY KEY, batch INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX batch_requests_of ON batch_requests(batch);
CREATE TABLE looks(
  model TEXT NOT NULL, judge TEXT NOT NULL, look INTEGER NOT NULL, language TEXT NOT NULL,
  category TEXT NOT NULL, drawn INTEGER NOT NULL, n INTEGER NOT NULL, missing INTEGER NOT NULL,
  pool INTEGER NOT NULL, state TEXT NOT NULL, band TEXT, numbers TEXT NOT NULL,
  PRIMARY KEY(model, look, language, category)) WITHOUT ROWID;
CREATE TABLE history(prompt TEXT PRIMARY KEY, unsafe REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE chosen(
  model TEXT NOT NULL, translation INTEGER NOT NULL, PRIMARY KEY(model, translation)) WITHOUT ROWID;
