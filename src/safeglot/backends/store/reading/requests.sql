-- name: answered
SELECT q.id, t.language, t.text, q.kind, q.categories, r.sample, p.text, p.thought, p.finish_reason,
  p.n_tokens, p.n_prompt_tokens, '' AS failure, (
    SELECT json_group_object(j.name, json_array(v.unsafe, v.p_unsafe, v.codes, v.reason, v.rationale))
    FROM verdicts v JOIN steps j ON j.id = v.step
    WHERE v.response = r.id AND j.name IN (SELECT value FROM json_each(?2)))
FROM steps s JOIN responses r ON r.step = s.id
JOIN translations t ON t.id = r.translation AND t.arm = 'main'
JOIN prompts q ON q.id = t.prompt JOIN replies p ON p.id = r.reply
WHERE s.stage = 'generate' AND s.name = ?1
UNION ALL
SELECT q.id, t.language, t.text, q.kind, q.categories, f.sample, f.text, f.thought, '', NULL, NULL,
  f.kind || ': ' || f.message, '{}'
FROM failures f JOIN translations t ON t.id = f.work AND t.arm = 'main'
JOIN prompts q ON q.id = t.prompt
WHERE f.stage = 'generate' AND f.by = ?1
ORDER BY 1, 2, 6;
