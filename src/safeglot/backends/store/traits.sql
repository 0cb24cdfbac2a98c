-- name: count
SELECT COUNT(*) FROM responses r
CROSS JOIN translations t ON t.id = r.translation AND t.arm IN ('main', 'mitigation', 'pivoted') WHERE NOT EXISTS (SELECT 1 FROM traits x WHERE x.response = r.id AND x.version = ?);

-- name: unchecked
SELECT r.id, p.text, t.text, t.language, p.finish_reason, p.thought
FROM responses r CROSS JOIN translations t ON t.id = r.translation AND t.arm IN ('main', 'mitigation', 'pivoted')
CROSS JOIN replies p ON p.id = r.reply
WHERE NOT EXISTS (SELECT 1 FROM traits x WHERE x.response = r.id AND x.version = ?) AND r.id > ? ORDER BY r.id LIMIT ?;

-- name: traits
SELECT response, invalid, ifnull(language = ?, -1), truncated
FROM traits WHERE version = ? ORDER BY response;

-- name: has thoughts
SELECT EXISTS(SELECT 1 FROM traits WHERE thought_language IS NOT NULL);

-- name: thoughts
SELECT s.name, t.language, t.prompt, x.thought_language, COUNT(*)
FROM traits x CROSS JOIN responses r ON r.id = x.response
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main' CROSS JOIN steps s ON s.id = r.step
WHERE x.version = ? GROUP BY 1, 2, 3, 4;

-- name: is lacking
SELECT r.id FROM translations t CROSS JOIN responses r ON r.translation = t.id AND r.sample = 0
CROSS JOIN traits x ON x.response = r.id AND x.invalid IS NULL
WHERE t.arm = 'main' AND t.prompt IN (SELECT value FROM json_each(?1))
AND t.language IN (SELECT value FROM json_each(?2))
AND EXISTS(SELECT 1 FROM verdicts v WHERE v.response = r.id AND v.refusal = 0)
AND NOT EXISTS(
  SELECT 1 FROM cosines c JOIN steps s ON s.id = c.step AND s.stage = 'encode' AND s.name = ?3
  WHERE c.response = r.id)
ORDER BY t.id, r.id;

-- name: text pairs
SELECT t.text, p.text FROM json_each(?) x CROSS JOIN responses r ON r.id = x.value
CROSS JOIN translations t ON t.id = r.translation CROSS JOIN replies p ON p.id = r.reply
ORDER BY x.key;

-- name: cosines
SELECT c.response, c.cosine FROM cosines c JOIN steps s ON s.id = c.step
WHERE s.stage = 'encode' AND s.name = ? ORDER BY c.response;

-- name: has cosines
SELECT EXISTS(SELECT 1 FROM cosines);
