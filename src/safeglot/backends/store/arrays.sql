-- name: texts
SELECT id, language, prompt FROM translations WHERE {kind} ORDER BY id;

-- name: arm texts
SELECT id, language, prompt, arm, translator, variant FROM translations
WHERE arm NOT IN ('main', 'mitigation', 'pivot', 'pivoted') ORDER BY key;

-- name: gated
SELECT arm, language, prompt FROM translations WHERE arm IN ('main', 'gated');

-- name: any gated
SELECT EXISTS(SELECT 1 FROM translations WHERE arm = 'gated' OR variant LIKE 'version=%');

-- name: steps
SELECT id, name FROM steps WHERE stage = ?;

-- name: answers
SELECT id, translation, step, sample FROM responses ORDER BY id;

-- name: verdicts
SELECT response, step,
  9 * ifnull(unsafe <> 0, -1) + 3 * ifnull(unsafe_loose <> 0, -1) + ifnull(refusal <> 0, -1) + 13
FROM verdicts;

-- name: three labels
SELECT name FROM steps WHERE id IN (SELECT step FROM verdicts WHERE unsafe IS NOT unsafe_loose);
