-- name: count
SELECT (SELECT COUNT(*) FROM responses)
     + (SELECT COUNT(*) FROM failures WHERE stage = 'generate' AND work IS NOT NULL);

-- name: last
SELECT max(ifnull((SELECT MAX(id) FROM responses), 0), ifnull((SELECT MAX(id) FROM translations), 0));

-- name: texts
SELECT json_group_array(prompt), json_group_array(language), json_group_array(arm),
       COUNT(*), group_concat(id)
FROM (SELECT id, prompt, language, arm FROM translations WHERE id > ? ORDER BY id LIMIT ?);

-- name: answers
SELECT COUNT(*), group_concat(id), group_concat(translation), group_concat(step), group_concat(sample)
FROM (SELECT id, translation, step, sample FROM responses WHERE id > ? ORDER BY id LIMIT ?);

-- name: lost
SELECT by, work, sample, kind FROM failures WHERE stage = 'generate' AND work IS NOT NULL;

-- name: verdicts
SELECT COUNT(*), group_concat(response), group_concat(step),
       group_concat(3 * ifnull(unsafe <> 0, -1) + ifnull(refusal <> 0, -1) + 4)
FROM verdicts WHERE response BETWEEN ? AND ?;

-- name: traits
SELECT response, ifnull(invalid, ''), truncated <> 0 FROM traits WHERE invalid IS NOT NULL OR truncated <> 0;
