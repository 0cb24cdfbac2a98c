-- The class of a verdict is that of the results: the checks of the answer first, then the verdict
-- (`score.answers.classes`).
-- name: prompts
SELECT id, text, language, categories, source, kind FROM prompts ORDER BY position;

-- name: translations
SELECT key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant
FROM translations ORDER BY prompt, language, arm, translator, key;

-- name: answers
SELECT * FROM answers ORDER BY prompt, language, arm, model, sample, key;

-- name: verdicts
SELECT k.key || '-' || s.name AS key, k.key AS response, s.name AS judge, s.mode, v.unsafe, v.unsafe_loose, v.label, v.p_unsafe, v.codes, v.refusal,
  CASE
    WHEN x.invalid IS NOT NULL THEN x.invalid
    WHEN x.response IS NULL AND v.response_class LIKE 'INV-%' THEN v.response_class
    WHEN v.unsafe = 1 THEN 'UC'
    WHEN v.unsafe = 0 THEN CASE v.refusal WHEN 1 THEN 'R' WHEN 0 THEN 'SC' ELSE 'S' END
    WHEN x.truncated = 1 THEN 'TRUNC'
  END AS response_class,
  v.rationale, v.reason
FROM verdicts v JOIN steps s ON s.id = v.step JOIN keyed k ON k.id = v.response
LEFT JOIN traits x ON x.response = v.response ORDER BY 3, 2;

-- name: failures
SELECT stage, key, parent, by, sample, kind, message, attempts, transient, text, thought
FROM failures ORDER BY stage, key;

-- name: traits
SELECT k.key AS response, x.version, x.invalid, x.language, x.confidence, x.truncated, x.thought_language
FROM traits x JOIN keyed k ON k.id = x.response ORDER BY 1;

-- name: cosines
SELECT k.key AS response, s.name AS encoder, c.cosine FROM cosines c
JOIN keyed k ON k.id = c.response JOIN steps s ON s.id = c.step ORDER BY 1, 2;

-- name: draws
SELECT k.key AS response, d.judge, d.language, d.stratum, d.wanted, d.design
FROM draws d JOIN keyed k ON k.id = d.response ORDER BY 1;

-- name: labels
SELECT k.key AS response, l.annotator, l.label, l.note
FROM labels l JOIN keyed k ON k.id = l.response ORDER BY 1, 2;
