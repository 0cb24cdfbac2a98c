-- {key} is the public key of an answer (`schema.tables.KEY`).

-- name: last text
SELECT ifnull(MAX(id), 0) FROM translations;

-- name: last answer
SELECT ifnull(MAX(id), 0) FROM responses;

-- name: name
SELECT name, mode FROM steps WHERE id = ?;

-- name: texts
SELECT t.id, t.key, t.checks, t.prompt, t.language, t.text, t.translator, t.arm, t.variant
FROM json_each(?) x CROSS JOIN translations t ON t.id = x.value;

-- name: answers
SELECT r.id, {key}, t.key, t.checks, t.prompt, t.language, t.text, t.translator, t.arm, t.variant,
       s.name, r.sample, p.text, p.finish_reason, p.n_tokens, p.thought, p.served_by, p.refused
FROM json_each(?) x CROSS JOIN responses r ON r.id = x.value
CROSS JOIN translations t ON t.id = r.translation CROSS JOIN steps s ON s.id = r.step
CROSS JOIN replies p ON p.id = r.reply;

-- name: planned
SELECT COUNT(*) FROM translations WHERE arm IN (SELECT value FROM json_each(?));

-- name: answered
SELECT r.step, COUNT(*) FROM responses r WHERE r.translation NOT IN
  (SELECT id FROM translations WHERE arm NOT IN (SELECT value FROM json_each(?))) GROUP BY 1;

-- name: texts in all
SELECT COUNT(*) FROM translations;

-- name: given
SELECT COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
WHERE t.arm NOT IN (SELECT value FROM json_each(?)) AND t.arm <> 'pivoted';

-- name: replies
SELECT response, reply FROM verdicts WHERE step = ? AND reply IS NOT NULL ORDER BY 1;

-- name: equal
SELECT v.reply FROM responses r JOIN replies p ON p.id = r.reply
JOIN responses o ON o.translation = r.translation AND o.id <> r.id
JOIN replies q ON q.id = o.reply AND q.text = p.text AND q.thought = p.thought
                AND q.finish_reason = p.finish_reason
JOIN verdicts v ON v.response = o.id AND v.step = ? AND v.reply IS NOT NULL
WHERE r.id = ? LIMIT 1;

-- name: has verdicts
SELECT EXISTS(SELECT 1 FROM verdicts);

-- name: judged
SELECT step, COUNT(*) FROM verdicts GROUP BY 1;

-- name: failed
SELECT s.id, COUNT(*) FROM failures f JOIN steps s ON s.stage = f.stage AND s.name = f.by
WHERE f.work IS NOT NULL AND f.transient = 0 GROUP BY 1;
