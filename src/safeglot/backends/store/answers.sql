-- {key} is the public key of an answer (`schema.tables.KEY`).

-- name: count
SELECT COUNT(*) FROM responses;

-- name: count outcomes
SELECT (SELECT COUNT(*) FROM responses)
     + (SELECT COUNT(*) FROM failures WHERE stage = 'generate' AND kind IN ('blocked', 'thought_only'));

-- name: count asked
SELECT COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
WHERE t.arm NOT IN ('backtranslate', 'reverse', 'pivoted');

-- name: models
SELECT name FROM steps WHERE id IN (SELECT step FROM responses);

-- name: thoughts
SELECT r.id FROM responses r JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN replies p ON p.id = r.reply WHERE p.thought <> '' ORDER BY 1;

-- name: most samples
SELECT COALESCE(MAX(sample), -1) + 1 FROM responses;

-- name: count main
SELECT s.name, t.language, COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
JOIN steps s ON s.id = r.step WHERE t.arm = 'main' GROUP BY 1, 2;

-- name: main
SELECT key, prompt, language, model, sample, text, finish_reason, translation FROM answers
WHERE arm = 'main';

-- name: places
SELECT r.id, {key}, t.prompt, t.language, s.name, r.sample
FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step
WHERE t.arm = 'main' AND r.id NOT IN (SELECT response FROM verdicts WHERE reason = 'empty')
  AND NOT EXISTS (SELECT 1 FROM chosen c WHERE c.model = s.name AND c.translation = t.id) ORDER BY 2;

-- name: given
SELECT t.key, s.name, r.sample, {key}, p.text, t.arm, t.prompt, t.language, t.text, t.translator
FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step
JOIN replies p ON p.id = r.reply
WHERE t.arm IN ('backtranslate', 'reverse', 'pivoted') ORDER BY t.prompt, t.language, 4;

-- name: of arm
SELECT t.prompt, t.language, t.variant, s.name, r.sample, p.text
FROM responses r JOIN translations t ON t.id = r.translation AND t.arm = ?
JOIN steps s ON s.id = r.step JOIN replies p ON p.id = r.reply ORDER BY t.id, s.id, r.sample;

-- name: telling
SELECT t.prompt, s.name FROM verdicts v CROSS JOIN responses r ON r.id = v.response
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main'
CROSS JOIN steps s ON s.id = r.step CROSS JOIN steps j ON j.id = v.step
WHERE (v.unsafe = 1 OR v.unsafe IS NULL) AND j.name IN (SELECT value FROM json_each(?1))
UNION
SELECT t.prompt, s.name FROM failures f CROSS JOIN responses r ON r.id = f.work
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main' CROSS JOIN steps s ON s.id = r.step
WHERE f.stage = 'judge' AND f.by IN (SELECT value FROM json_each(?1))
UNION
SELECT t.prompt, f.by FROM failures f CROSS JOIN translations t ON t.id = f.work AND t.arm = 'main'
WHERE f.stage = 'generate' AND f.kind IN ('blocked', 'thought_only');
