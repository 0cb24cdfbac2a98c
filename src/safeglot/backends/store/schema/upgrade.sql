-- How the rows of version 4 become numbered ones.
-- name: contradicting
SELECT judge FROM verdicts GROUP BY response, judge
HAVING MIN(unsafe) <> MAX(unsafe) OR MIN(unsafe_loose) <> MAX(unsafe_loose) LIMIT 1;

-- What needs no index of the new tables but that of the texts' keys.
-- name: fill
INSERT INTO translations(key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant)
SELECT o.key, o.prompt, o.language, o.text, o.translator, o.quality, o.checks, o.kept, o.reason, o.arm, o.variant
FROM old_translations o LEFT JOIN prompts p ON p.id = o.prompt
ORDER BY o.arm <> 'main', p.position IS NULL, p.position, o.language, o.key;
INSERT INTO steps(stage, name, key, mode)
SELECT 'generate', model, '', '' FROM old_responses GROUP BY model ORDER BY model;
INSERT INTO steps(stage, name, key, mode)
SELECT 'judge', judge, '', MIN(mode) FROM old_verdicts GROUP BY judge ORDER BY judge;
INSERT INTO steps(stage, name, key, mode) VALUES('upgrade', 'keyed replies', '', '');
INSERT INTO replies
SELECT rowid, key, text, finish_reason, n_tokens, n_prompt_tokens, logprobs, thought,
       n_thought_tokens, served_by, refused FROM old_replies ORDER BY rowid;
INSERT INTO responses(translation, step, sample, reply, key)
SELECT t.id, s.id, r.sample, p.rowid, MIN(r.key) FROM old_responses r
CROSS JOIN translations t ON t.key = r.translation
CROSS JOIN steps s ON s.stage = 'generate' AND s.name = r.model
CROSS JOIN old_replies p ON p.key = r.reply
GROUP BY t.id, s.id, r.sample ORDER BY t.id, s.id, r.sample;

-- name: fill indexed
INSERT OR REPLACE INTO verdicts
SELECT r.id, s.id, v.unsafe, v.unsafe_loose, v.label, v.p_unsafe, v.codes, v.refusal, v.response_class,
       v.rationale, v.reason, NULL
FROM old_verdicts v CROSS JOIN responses r ON r.key = v.response
CROSS JOIN steps s ON s.stage = 'judge' AND s.name = v.judge ORDER BY r.id, s.id, v.key;
INSERT INTO failures
SELECT stage, key, parent, by, sample, kind, message, attempts, transient, text, thought,
       CASE row_number() OVER (PARTITION BY stage, by, work, sample ORDER BY key) WHEN 1 THEN work END
FROM (
  SELECT f.*, CASE f.stage
    WHEN 'generate' THEN (SELECT t.id FROM translations t WHERE t.key = f.parent)
    WHEN 'judge' THEN (SELECT r.id FROM responses r WHERE r.key = f.parent)
  END AS work FROM old_failures f
) ORDER BY stage, key;
INSERT INTO traits
SELECT r.id, o.version, o.invalid, o.language, o.confidence, o.truncated, o.thought_language
FROM old_traits o CROSS JOIN responses r ON r.key = o.response ORDER BY r.id;
INSERT INTO draws
SELECT r.id, o.judge, o.language, o.stratum, o.wanted, o.design
FROM old_draws o CROSS JOIN responses r ON r.key = o.response ORDER BY r.id;
INSERT INTO labels
SELECT r.id, o.annotator, o.label, o.note
FROM old_labels o CROSS JOIN responses r ON r.key = o.response ORDER BY r.id, o.annotator;
