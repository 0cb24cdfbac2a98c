-- What each name of `Store.put` and `Store.write` does with a row; they are done in this order.
-- name: prompts
INSERT INTO prompts VALUES(?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET position = excluded.position WHERE position <> excluded.position;

-- name: translations
INSERT OR IGNORE INTO translations(key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant) VALUES(?,?,?,?,?,?,?,?,?,?,?);

-- name: replies
INSERT OR IGNORE INTO replies VALUES(?,?,?,?,?,?,?,?,?,?,?);

-- name: responses
INSERT OR REPLACE INTO responses VALUES(?,?,?,?,?,?);

-- name: verdicts
INSERT OR REPLACE INTO verdicts VALUES(?,?,?,?,?,?,?,?,?,?,?,?);

-- name: failures
INSERT OR REPLACE INTO failures VALUES(?,?,?,?,?,?,?,?,?,?,?,?);

-- name: traits
INSERT OR REPLACE INTO traits VALUES(?,?,?,?,?,?,?);

-- name: cosines
INSERT OR REPLACE INTO cosines VALUES(?,?,?);

-- name: draws
INSERT OR REPLACE INTO draws VALUES(?,?,?,?,?,?);

-- name: labels
INSERT OR REPLACE INTO labels VALUES(?,?,?,?);

-- name: batches
INSERT INTO batches VALUES(?,?,?,?,?,?,?,?);

-- name: batch_requests
INSERT OR REPLACE INTO batch_requests VALUES(?,?);

-- name: submitted_batches
UPDATE batches SET ticket = ?, state = 'running' WHERE id = ?;

-- name: ended_batches
UPDATE batches SET state = ?, ended = ? WHERE id = ?;

-- name: forgotten_looks
DELETE FROM looks WHERE model = ?;

-- name: looks
INSERT OR REPLACE INTO looks VALUES(?,?,?,?,?,?,?,?,?,?,?,?);

-- name: history
INSERT OR REPLACE INTO history VALUES(?,?);

-- name: forgotten_chosen
DELETE FROM chosen WHERE model = ?;

-- name: chosen
INSERT OR REPLACE INTO chosen VALUES(?,?);

-- name: quality
UPDATE translations SET quality = ? WHERE key = ? AND quality <> ?;

-- name: recovered
DELETE FROM failures WHERE stage = ? AND key = ?;

-- name: recovered_work
DELETE FROM failures WHERE stage = ? AND by = ? AND work = ? AND sample = ?;

-- name: forgotten_replies
DELETE FROM replies WHERE key = ?;

-- name: forgotten_responses
DELETE FROM responses WHERE id = ?;

-- name: forgotten_verdicts
DELETE FROM verdicts WHERE response = ? AND step = ?;

-- name: forgotten_verdicts_of
DELETE FROM verdicts WHERE response = ?;

-- name: forgotten_traits
DELETE FROM traits WHERE response = ?;

-- name: forgotten_labels
DELETE FROM labels WHERE response = ? AND annotator = ?;

-- name: forgotten_cosines
DELETE FROM cosines WHERE response = ?;

-- name: forgotten_failures_of
DELETE FROM failures WHERE stage = 'judge' AND work = ?;

-- name: forgotten_batch_requests
DELETE FROM batch_requests WHERE key = ?;

-- name: forgotten_requests_of
DELETE FROM batch_requests WHERE batch = ?;
