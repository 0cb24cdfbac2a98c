-- {key} is the public key of an answer (`schema.tables.KEY`).

-- name: draws
SELECT r.id, {key}, d.judge, d.language, d.stratum, d.design, d.wanted, s.name, t.prompt, r.sample
FROM draws d JOIN responses r ON r.id = d.response JOIN translations t ON t.id = r.translation
JOIN steps s ON s.id = r.step ORDER BY 2;

-- name: labels
SELECT k.key, l.annotator, l.label FROM labels l JOIN keyed k ON k.id = l.response
{where} ORDER BY 1, 2;

-- name: drawn
WHERE l.response IN (SELECT response FROM draws);

-- name: designs
SELECT DISTINCT design FROM draws;

-- name: to label
SELECT k.key, t.prompt, t.text, p.text FROM keyed k JOIN translations t ON t.id = k.translation
JOIN replies p ON p.id = k.reply WHERE k.id = ?;

-- name: notes
SELECT k.key, l.annotator, l.note FROM labels l JOIN keyed k ON k.id = l.response WHERE l.note <> '';

-- name: labelled
SELECT t.language, COUNT(DISTINCT l.response) FROM labels l JOIN responses r ON r.id = l.response
JOIN translations t ON t.id = r.translation JOIN prompts p ON p.id = t.prompt
WHERE p.kind = 'harmful' GROUP BY 1;

-- name: draw labelled
INSERT INTO draws SELECT l.response, '', t.language, ?1, COUNT(*), 'simple'
FROM labels l JOIN responses r ON r.id = l.response JOIN translations t ON t.id = r.translation
JOIN prompts p ON p.id = t.prompt AND p.kind = 'harmful' WHERE t.language = ?2 GROUP BY l.response;

-- name: texts
SELECT r.id, t.prompt, t.language, r.sample, t.variant, p.categories,
       CASE l.label WHEN 'unsafe' THEN 1 WHEN 'safe' THEN 0 ELSE -1 END
FROM responses r JOIN translations t ON t.id = r.translation JOIN prompts p ON p.id = t.prompt
LEFT JOIN labels l ON l.response = r.id AND l.annotator = ? ORDER BY r.id;

-- name: said
SELECT v.response, ifnull(v.unsafe, -1), v.p_unsafe FROM verdicts v
WHERE v.step = (SELECT id FROM steps WHERE stage = 'judge' AND name = ?);

-- name: source
SELECT text, language, categories FROM prompts WHERE id = ?;
