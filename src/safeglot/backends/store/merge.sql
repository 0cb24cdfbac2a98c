-- What a run may hold of what another holds too: those of which it holds another one.
-- name: the prompt
SELECT o.id FROM other.prompts o JOIN main.prompts p ON p.id = o.id
WHERE (o.text, o.language, o.categories, o.kind) <> (p.text, p.language, p.categories, p.kind)
ORDER BY 1;

-- name: the text
SELECT o.prompt || ' (' || o.language || CASE o.arm WHEN 'main' THEN '' ELSE ', ' || o.arm END || ')'
FROM other.translations o JOIN main.translations t ON t.prompt = o.prompt AND t.language = o.language
WHERE (t.key <> o.key AND (
  (o.arm IN ('main', 'gated') AND t.arm IN ('main', 'gated'))
  OR (o.arm, o.variant, o.translator) = (t.arm, t.variant, t.translator)))
OR (t.key = o.key AND t.quality <> o.quality AND t.quality <> '{}' AND o.quality <> '{}')
ORDER BY 1;

-- name: the way to ask
SELECT o.name FROM other.steps o JOIN main.steps s ON s.stage = o.stage AND s.name = o.name
WHERE s.key <> o.key AND s.key <> '' AND o.key <> '' ORDER BY 1;

-- name: the answer
SELECT s.name || ' to ' || t.prompt || ' (' || t.language || ')' FROM answer_of a
JOIN other.responses x ON x.id = a.old JOIN other.replies o ON o.id = x.reply
JOIN main.responses r ON r.id = a.new JOIN main.replies p ON p.id = r.reply
JOIN main.translations t ON t.id = r.translation JOIN main.steps s ON s.id = r.step
WHERE NOT a.is_new AND (
  (o.text, o.thought, o.finish_reason, o.refused) <> (p.text, p.thought, p.finish_reason, p.refused)
  OR x.key IS NOT r.key)
ORDER BY 1;

-- name: the verdict
SELECT j.name || ' on ' || s.name || ', ' || t.prompt || ' (' || t.language || ')' FROM answer_of a
JOIN other.verdicts o ON o.response = a.old JOIN step_of k ON k.old = o.step
JOIN main.verdicts v ON v.response = a.new AND v.step = k.new
JOIN main.responses r ON r.id = a.new JOIN main.translations t ON t.id = r.translation
JOIN main.steps s ON s.id = r.step JOIN main.steps j ON j.id = v.step
WHERE o.unsafe IS NOT v.unsafe OR o.unsafe_loose IS NOT v.unsafe_loose OR o.refusal IS NOT v.refusal
OR o.response_class IS NOT v.response_class OR o.reason <> v.reason
ORDER BY 1;

-- What is joined, in three steps.
-- name: inputs
INSERT OR IGNORE INTO main.prompts SELECT * FROM other.prompts;
INSERT OR IGNORE INTO main.translations(key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant) SELECT key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant FROM other.translations ORDER BY id;
UPDATE main.translations SET quality = o.quality FROM other.translations o
WHERE o.key = translations.key AND translations.quality = '{}' AND o.quality <> '{}';
INSERT INTO main.steps(stage, name, key, mode) SELECT stage, name, key, mode FROM other.steps WHERE true
ORDER BY id ON CONFLICT(stage, name) DO UPDATE SET key = excluded.key, mode = excluded.mode WHERE key = '';

-- name: numbers
CREATE TEMP TABLE text_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
INSERT INTO text_of SELECT o.id, t.id FROM other.translations o JOIN main.translations t ON t.key = o.key;
CREATE TEMP TABLE step_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
INSERT INTO step_of SELECT o.id, s.id FROM other.steps o
JOIN main.steps s ON s.stage = o.stage AND s.name = o.name;
CREATE TEMP TABLE answer_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL, is_new INTEGER NOT NULL);
INSERT INTO answer_of
SELECT o.id, ifnull(r.id, (SELECT ifnull(MAX(id), 0) FROM main.responses)
                          + row_number() OVER (PARTITION BY r.id IS NULL ORDER BY o.id)), r.id IS NULL
FROM other.responses o CROSS JOIN text_of t ON t.old = o.translation CROSS JOIN step_of s ON s.old = o.step
CROSS JOIN other.replies p ON p.id = o.reply
LEFT JOIN main.responses r ON r.translation = t.new AND r.step = s.new AND r.sample = o.sample;
CREATE TEMP TABLE reply_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
INSERT INTO reply_of
SELECT id, (SELECT ifnull(MAX(id), 0) FROM main.replies) + row_number() OVER (ORDER BY id)
FROM other.replies WHERE id NOT IN (
  SELECT o.reply FROM other.responses o JOIN answer_of a ON a.old = o.id WHERE NOT a.is_new);

-- name: rows
INSERT INTO main.replies(id, key, text, finish_reason, n_tokens, n_prompt_tokens, logprobs, thought, n_thought_tokens, served_by, refused)
SELECT n.new, CASE WHEN o.key NOT IN (SELECT key FROM main.replies WHERE key IS NOT NULL) THEN o.key END,
       text, finish_reason, n_tokens, n_prompt_tokens, logprobs, thought, n_thought_tokens, served_by, refused
FROM reply_of n CROSS JOIN other.replies o ON o.id = n.old ORDER BY n.new;
INSERT INTO main.responses(id, translation, step, sample, reply, key)
SELECT a.new, t.new, s.new, o.sample, p.new, o.key
FROM answer_of a CROSS JOIN other.responses o ON o.id = a.old CROSS JOIN text_of t ON t.old = o.translation
CROSS JOIN step_of s ON s.old = o.step CROSS JOIN reply_of p ON p.old = o.reply
WHERE a.is_new ORDER BY a.new;
INSERT OR IGNORE INTO main.verdicts(response, step, unsafe, unsafe_loose, label, p_unsafe, codes, refusal, response_class, rationale, reason, reply)
SELECT a.new, s.new, unsafe, unsafe_loose, label, p_unsafe, codes, refusal, response_class, rationale, reason, p.new
FROM other.verdicts o CROSS JOIN answer_of a ON a.old = o.response CROSS JOIN step_of s ON s.old = o.step
LEFT JOIN reply_of p ON p.old = o.reply ORDER BY 1, 2;
INSERT OR IGNORE INTO main.traits(response, version, invalid, language, confidence, truncated, thought_language)
SELECT a.new, version, invalid, language, confidence, truncated, thought_language FROM other.traits o CROSS JOIN answer_of a ON a.old = o.response ORDER BY 1;
INSERT OR IGNORE INTO main.cosines(response, step, cosine)
SELECT a.new, s.new, o.cosine FROM other.cosines o
CROSS JOIN answer_of a ON a.old = o.response CROSS JOIN step_of s ON s.old = o.step ORDER BY 1, 2;
INSERT OR IGNORE INTO main.failures(stage, key, parent, by, sample, kind, message, attempts, transient, text, thought, work)
SELECT stage, key, parent, by, sample, kind, message, attempts, transient, text, thought, CASE stage WHEN 'generate' THEN t.new WHEN 'judge' THEN a.new END
FROM other.failures o LEFT JOIN text_of t ON t.old = o.work LEFT JOIN answer_of a ON a.old = o.work;
DELETE FROM main.failures WHERE stage = 'generate' AND EXISTS (
  SELECT 1 FROM main.steps s JOIN main.responses r ON r.step = s.id
  WHERE s.stage = 'generate' AND s.name = failures.by
  AND r.translation = failures.work AND r.sample = failures.sample);
DELETE FROM main.failures WHERE stage = 'judge' AND EXISTS (
  SELECT 1 FROM main.steps s JOIN main.verdicts v ON v.step = s.id
  WHERE s.stage = 'judge' AND s.name = failures.by AND v.response = failures.work);
INSERT OR IGNORE INTO main.looks SELECT * FROM other.looks;
DROP TABLE temp.text_of;
DROP TABLE temp.step_of;
DROP TABLE temp.answer_of;
DROP TABLE temp.reply_of;
