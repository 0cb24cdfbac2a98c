-- name: prompts
SELECT categories, kind, COUNT(*) FROM prompts GROUP BY 1, 2;

-- name: gated
SELECT g.language, p.categories, p.kind, COUNT(*) FROM (
  SELECT language, prompt FROM translations WHERE arm = 'gated'
  EXCEPT SELECT language, prompt FROM translations WHERE arm = 'main'
) g JOIN prompts p ON p.id = g.prompt GROUP BY 1, 2, 3;

-- name: failed
SELECT f.by, t.language, p.categories, p.kind, f.kind, COUNT(*)
FROM failures f JOIN translations t ON t.id = f.work AND t.arm = 'main'
JOIN prompts p ON p.id = t.prompt LEFT JOIN steps s ON s.stage = 'generate' AND s.name = f.by
WHERE f.stage = 'generate' AND NOT EXISTS
  (SELECT 1 FROM responses r WHERE r.translation = f.work AND r.step = s.id AND r.sample = f.sample)
GROUP BY 1, 2, 3, 4, 5;

-- name: served
SELECT s.name, t.language, length(t.text), p.n_prompt_tokens, p.served_by, COUNT(*)
FROM responses r JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN steps s ON s.id = r.step JOIN replies p ON p.id = r.reply GROUP BY 1, 2, 3, 4, 5;
