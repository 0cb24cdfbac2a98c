"""The tables of a run's database: the plan, and what came of it.

Texts, steps and answers have whole numbers, in the order of the plan, so that rows are appended and
what is missing is a query. Content keys stand where they are needed once a text or once a step.
"""

from __future__ import annotations

SCHEMA_VERSION = 8

TABLES = """
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
"""
"""`replies.key` is that of a request which may be asked again word by word (a judge's first check,
translators, what a re-read step asks); a reply of the plan has none. `responses.key` is that of an
answer which a file brought, or which an earlier version wrote; others have the key of `KEY`.
`verdicts.reply` is the first of a judge's replies, which have numbers in a row. `failures.work` is the
text that was to be answered (stage generate) or the answer that was to be judged (stage judge).
`cosines` are those of answers with their prompts; their step, of stage encode, names the encoder.
`batches` are those given to a service: `ticket` is its name of one, "" until it is known, and `began` and
`ended` are seconds of Unix time. `batch_requests` are those of their requests, by their keys, whose
replies are not stored. `looks` is the ledger of a plan that stops early; `category` is empty
where a row is of a whole language."""

KEY = "ifnull(r.key, t.key || '-' || substr(s.key, 1, 8) || '-' || r.sample)"
"""The public key of an answer `r` to a text `t` by a step `s`, as `keys.response_key` makes it."""

VIEWS = f"""
CREATE VIEW keyed AS
  SELECT r.id, {KEY} AS key, r.translation, r.step, s.name AS model, r.sample, r.reply
  FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step;
CREATE VIEW answers AS
  SELECT {KEY} AS key, t.prompt, t.language, t.key AS translation, s.name AS model, r.sample,
         p.text, p.finish_reason, p.n_tokens, p.n_prompt_tokens, t.arm, p.thought,
         p.n_thought_tokens, p.served_by, p.refused
  FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step
  JOIN replies p ON p.id = r.reply;
"""  # noqa: S608 - our own text

INSERT = {
    "prompts": "INSERT INTO prompts VALUES(?,?,?,?,?,?,?) ON CONFLICT(id) "
    "DO UPDATE SET position = excluded.position WHERE position <> excluded.position",
    "translations": (
        "INSERT OR IGNORE INTO translations(key, prompt, language, text, translator, quality, checks,"
        " kept, reason, arm, variant) VALUES(?,?,?,?,?,?,?,?,?,?,?)"
    ),
    "replies": "INSERT OR IGNORE INTO replies VALUES(?,?,?,?,?,?,?,?,?,?,?)",
    "responses": "INSERT OR REPLACE INTO responses VALUES(?,?,?,?,?,?)",
    "verdicts": "INSERT OR REPLACE INTO verdicts VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
    "failures": "INSERT OR REPLACE INTO failures VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
    "traits": "INSERT OR REPLACE INTO traits VALUES(?,?,?,?,?,?,?)",
    "cosines": "INSERT OR REPLACE INTO cosines VALUES(?,?,?)",
    "draws": "INSERT OR REPLACE INTO draws VALUES(?,?,?,?,?,?)",
    "labels": "INSERT OR REPLACE INTO labels VALUES(?,?,?,?)",
    "batches": "INSERT INTO batches VALUES(?,?,?,?,?,?,?,?)",
    "batch_requests": "INSERT OR REPLACE INTO batch_requests VALUES(?,?)",
    "submitted_batches": "UPDATE batches SET ticket = ?, state = 'running' WHERE id = ?",
    "ended_batches": "UPDATE batches SET state = ?, ended = ? WHERE id = ?",
    "forgotten_looks": "DELETE FROM looks WHERE model = ?",
    "looks": "INSERT OR REPLACE INTO looks VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
    "quality": "UPDATE translations SET quality = ? WHERE key = ? AND quality <> ?",
    "recovered": "DELETE FROM failures WHERE stage = ? AND key = ?",
    "recovered_work": (
        "DELETE FROM failures WHERE stage = ? AND by = ? AND work = ? AND sample = ?"
    ),
    "forgotten_replies": "DELETE FROM replies WHERE key = ?",
    "forgotten_responses": "DELETE FROM responses WHERE id = ?",
    "forgotten_verdicts": "DELETE FROM verdicts WHERE response = ? AND step = ?",
    "forgotten_verdicts_of": "DELETE FROM verdicts WHERE response = ?",
    "forgotten_traits": "DELETE FROM traits WHERE response = ?",
    "forgotten_labels": "DELETE FROM labels WHERE response = ? AND annotator = ?",
    "forgotten_cosines": "DELETE FROM cosines WHERE response = ?",
    "forgotten_failures_of": "DELETE FROM failures WHERE stage = 'judge' AND work = ?",
    "forgotten_batch_requests": "DELETE FROM batch_requests WHERE key = ?",
    "forgotten_requests_of": "DELETE FROM batch_requests WHERE batch = ?",
}
"""What each name of `Store.put` and `Store.write` does with a row; they are done in this order."""

UNNUMBERED = ("translations",)
"""Tables whose rows come without their first column, the number."""

EMPTY = {name: f"DELETE FROM {name}" for name in ("traits", "draws", "labels")}  # noqa: S608 - our own names
