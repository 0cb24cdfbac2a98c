-- The tables of version 1, and what makes those of each later version of them.
-- name: 1
CREATE TABLE prompts(
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, text TEXT NOT NULL, language TEXT NOT NULL,
  categories TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE translations(
  key TEXT PRIMARY KEY, prompt TEXT NOT NULL, language TEXT NOT NULL, text TEXT NOT NULL,
  translator TEXT NOT NULL, quality TEXT NOT NULL, checks TEXT NOT NULL, kept INTEGER NOT NULL,
  reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE replies(
  key TEXT PRIMARY KEY, text TEXT NOT NULL, finish_reason TEXT NOT NULL, n_tokens INTEGER,
  n_prompt_tokens INTEGER, logprobs TEXT);
CREATE TABLE responses(
  key TEXT PRIMARY KEY, translation TEXT NOT NULL, model TEXT NOT NULL, sample INTEGER NOT NULL,
  reply TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE verdicts(
  key TEXT PRIMARY KEY, response TEXT NOT NULL, judge TEXT NOT NULL, mode TEXT NOT NULL,
  unsafe INTEGER, unsafe_loose INTEGER, label TEXT NOT NULL, p_unsafe REAL, codes TEXT NOT NULL,
  refusal INTEGER, response_class TEXT, rationale TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE failures(
  stage TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL, by TEXT NOT NULL,
  sample INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL,
  transient INTEGER NOT NULL, PRIMARY KEY(stage, key)) WITHOUT ROWID;

-- name: 2
ALTER TABLE translations ADD COLUMN arm TEXT NOT NULL DEFAULT 'main';
CREATE TABLE traits(
  response TEXT PRIMARY KEY, version INTEGER NOT NULL, invalid TEXT, language TEXT,
  confidence REAL, truncated INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE draws(
  response TEXT PRIMARY KEY, judge TEXT NOT NULL, language TEXT NOT NULL, stratum TEXT NOT NULL,
  wanted INTEGER NOT NULL, design TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE labels(
  response TEXT NOT NULL, annotator TEXT NOT NULL, label TEXT NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY(response, annotator)) WITHOUT ROWID;
DROP VIEW IF EXISTS answers;
CREATE VIEW answers AS
  SELECT r.key, t.prompt, t.language, r.translation, r.model, r.sample, p.text, p.finish_reason,
         p.n_tokens, p.n_prompt_tokens, t.arm
  FROM responses r JOIN translations t ON t.key = r.translation JOIN replies p ON p.key = r.reply;

-- name: 3
ALTER TABLE translations ADD COLUMN variant TEXT NOT NULL DEFAULT '';

-- name: 4
ALTER TABLE replies ADD COLUMN thought TEXT NOT NULL DEFAULT '';
ALTER TABLE replies ADD COLUMN n_thought_tokens INTEGER;
ALTER TABLE replies ADD COLUMN served_by TEXT NOT NULL DEFAULT '';
ALTER TABLE replies ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traits ADD COLUMN thought_language TEXT;
ALTER TABLE failures ADD COLUMN text TEXT NOT NULL DEFAULT '';
ALTER TABLE failures ADD COLUMN thought TEXT NOT NULL DEFAULT '';
DROP VIEW IF EXISTS answers;
CREATE VIEW answers AS
  SELECT r.key, t.prompt, t.language, r.translation, r.model, r.sample, p.text, p.finish_reason,
         p.n_tokens, p.n_prompt_tokens, t.arm, p.thought, p.n_thought_tokens, p.served_by, p.refused
  FROM responses r JOIN translations t ON t.key = r.translation JOIN replies p ON p.key = r.reply;
