-- name: main
SELECT key, prompt, language, text, translator FROM translations WHERE arm = 'main';

-- name: main numbers
SELECT id, prompt, language FROM translations WHERE arm = 'main';

-- name: prompt ids
SELECT id FROM prompts ORDER BY position;

-- name: labels
SELECT id, categories, kind FROM prompts ORDER BY position;

-- name: of arms
SELECT key, prompt, language, text, translator, quality, arm, variant FROM translations
WHERE arm <> 'main' OR quality <> '{}' ORDER BY prompt, language, key;

-- name: places
SELECT key, arm, language, prompt, translator, variant, quality, kept, reason FROM translations;

-- name: counts
SELECT language, COUNT(*) FROM translations WHERE arm = 'main' GROUP BY 1;

-- name: numbers
SELECT t.key, t.id FROM json_each(?) x CROSS JOIN translations t ON t.key = x.value;

-- name: count prompts
SELECT COUNT(*) FROM prompts;

-- name: has prompts
SELECT EXISTS(SELECT 1 FROM prompts);

-- name: has benign
SELECT EXISTS(SELECT 1 FROM prompts WHERE kind = 'benign');

-- name: has arms
SELECT EXISTS(SELECT 1 FROM translations WHERE arm <> 'main' OR quality <> '{}');

-- name: has arm
SELECT EXISTS(SELECT 1 FROM translations WHERE arm = ?);

-- name: has translated
SELECT EXISTS(SELECT 1 FROM translations WHERE arm = 'gated' OR (arm = 'main' AND translator <> 'given'))
  OR EXISTS(SELECT 1 FROM failures WHERE stage = 'translate');
