-- name: beginnings
SELECT t.id, substr(t.text, 1, ?) FROM json_each(?) x CROSS JOIN translations t ON t.id = x.value;

-- name: searched
SELECT x.key, t.text, ifnull(p.text, '') FROM json_each(?) x
CROSS JOIN translations t ON t.id = json_extract(x.value, '$[0]')
LEFT JOIN responses r ON r.id = json_extract(x.value, '$[1]')
LEFT JOIN replies p ON p.id = r.reply ORDER BY x.key;

-- name: text
SELECT prompt, language, text, translator, quality, arm, variant FROM translations WHERE id = ?;

-- name: answer
SELECT p.text, p.thought, p.finish_reason, p.n_tokens, p.served_by, ifnull(x.invalid, ''), x.language
FROM responses r JOIN replies p ON p.id = r.reply LEFT JOIN traits x ON x.response = r.id
WHERE r.id = ?;

-- name: failure
SELECT kind, message, attempts, text, thought FROM failures
WHERE stage = 'generate' AND by = ? AND work = ? AND sample = ?;

-- name: verdicts
SELECT s.name, v.unsafe, v.label, v.p_unsafe, v.codes, v.rationale, v.reason FROM verdicts v
JOIN steps s ON s.id = v.step WHERE v.response = ?;

-- name: unjudged
SELECT by, kind FROM failures WHERE stage = 'judge' AND work = ?;

-- name: labels
SELECT annotator, label, note FROM labels WHERE response = ? ORDER BY annotator;

-- name: progress
SELECT (SELECT COUNT(*) FROM responses) AS answers,
  (SELECT COUNT(*) FROM failures WHERE stage = 'generate' AND work IS NOT NULL) AS failed;

-- name: to ask
SELECT COUNT(*) FROM translations WHERE arm NOT IN ('gated', 'backtranslate', 'reverse');
