-- name: failed
SELECT stage, by, work, sample FROM failures WHERE work IS NOT NULL;

-- name: thoughts
SELECT COUNT(*) FILTER (WHERE kind = 'thought_only'), COUNT(*) FILTER (WHERE kind <> 'thought_only')
FROM failures WHERE stage = 'generate' AND by = ?;

-- name: old
SELECT EXISTS(SELECT 1 FROM steps WHERE stage = 'upgrade');

-- name: prompts
SELECT p.id, p.text, p.language, p.categories, p.source, p.kind
FROM json_each(?) x CROSS JOIN prompts p ON p.id = x.value;

-- name: open
SELECT b.id, b.model, b.address, b.ticket, b.requests, b.began, COUNT(*)
FROM batches b JOIN batch_requests r ON r.batch = b.id GROUP BY b.id ORDER BY b.id;

-- name: keys
SELECT key FROM batch_requests WHERE batch = ?;
