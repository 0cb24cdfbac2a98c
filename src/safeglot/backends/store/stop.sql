-- name: progress
WITH ended(prompt, n) AS (
  SELECT t.prompt, COUNT(*) FROM responses r JOIN translations t ON t.id = r.translation
  WHERE t.arm = 'main' GROUP BY 1
  UNION ALL
  SELECT t.prompt, COUNT(*) FROM failures f JOIN translations t ON t.id = f.work AND t.arm = 'main'
  LEFT JOIN steps s ON s.stage = 'generate' AND s.name = f.by
  WHERE f.stage = 'generate' AND NOT EXISTS (SELECT 1 FROM responses r
    WHERE r.translation = f.work AND r.step = s.id AND r.sample = f.sample)
  GROUP BY 1
), planned(prompt, n) AS (
  SELECT prompt, COUNT(*) * ? FROM translations WHERE arm = 'main' GROUP BY 1
), both(planned, ended) AS (
  SELECT p.n, ifnull(e.n, 0) FROM planned p
  LEFT JOIN (SELECT prompt, SUM(n) AS n FROM ended GROUP BY 1) e ON e.prompt = p.prompt
)
SELECT COUNT(*), ifnull(SUM(ended > 0), 0), ifnull(SUM(ended >= planned), 0) FROM both;

-- name: texts
SELECT id, language, prompt, arm = 'gated' FROM translations WHERE arm IN ('main', 'gated') ORDER BY 4, 1;

-- name: settled
SELECT t.language, t.prompt, v.unsafe FROM responses r
JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN steps g ON g.id = r.step AND g.stage = 'generate' AND g.name = :model
LEFT JOIN verdicts v ON v.response = r.id
  AND v.step = (SELECT id FROM steps WHERE stage = 'judge' AND name = :judge)
WHERE r.sample = 0 AND (v.response IS NOT NULL OR EXISTS
  (SELECT 1 FROM failures f WHERE f.stage = 'judge' AND f.by = :judge AND f.work = r.id))
UNION ALL
SELECT t.language, t.prompt, NULL FROM failures f JOIN translations t ON t.id = f.work AND t.arm = 'main'
WHERE f.stage = 'generate' AND f.by = :model AND f.sample = 0 AND NOT EXISTS (
  SELECT 1 FROM responses r JOIN steps g ON g.id = r.step AND g.name = f.by AND g.stage = 'generate'
  WHERE r.translation = f.work AND r.sample = 0);

-- name: chosen
SELECT c.model, t.language, t.prompt FROM chosen c JOIN translations t ON t.id = c.translation;

-- name: looks
SELECT * FROM looks ORDER BY model, look, language, category;

-- name: stopped
SELECT l.model, l.language, l.category FROM looks l WHERE l.state <> 'goes-on' AND l.look =
  (SELECT MAX(look) FROM looks WHERE (model, language, category) = (l.model, l.language, l.category));

-- name: in order of file
SELECT EXISTS(SELECT 1 FROM steps WHERE stage = 'upgrade');
