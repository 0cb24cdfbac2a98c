-- {key} is the public key of an answer (`tables.KEY`).
CREATE VIEW keyed AS
  SELECT r.id, {key} AS key, r.translation, r.step, s.name AS model, r.sample, r.reply
  FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step;
CREATE VIEW answers AS
  SELECT {key} AS key, t.prompt, t.language, t.key AS translation, s.name AS model, r.sample,
         p.text, p.finish_reason, p.n_tokens, p.n_prompt_tokens, t.arm, p.thought,
         p.n_thought_tokens, p.served_by, p.refused
  FROM responses r JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step
  JOIN replies p ON p.id = r.reply;
