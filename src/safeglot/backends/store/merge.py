"""The rows of another run's database joined to those of this one; their numbers are made anew.

The other file is read only. What both hold must be the same: nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from safeglot.backends.store.schema.shape import address
from safeglot.backends.store.store import Store

_SHOWN = 3
_TEXT = "key, prompt, language, text, translator, quality, checks, kept, reason, arm, variant"
_REPLY = "text, finish_reason, n_tokens, n_prompt_tokens, logprobs, thought, n_thought_tokens, served_by, refused"
_VERDICT = (
    "unsafe, unsafe_loose, label, p_unsafe, codes, refusal, response_class, rationale, reason"
)
_TRAITS = "version, invalid, language, confidence, truncated, thought_language"
_FAILURE = "kind, message, attempts, transient, text, thought"

_CLASHES = {
    "the prompt": """
SELECT o.id FROM other.prompts o JOIN main.prompts p ON p.id = o.id
WHERE (o.text, o.language, o.categories, o.kind) <> (p.text, p.language, p.categories, p.kind)
ORDER BY 1
""",
    "the text": """
SELECT o.prompt || ' (' || o.language || CASE o.arm WHEN 'main' THEN '' ELSE ', ' || o.arm END || ')'
FROM other.translations o JOIN main.translations t ON t.prompt = o.prompt AND t.language = o.language
WHERE (t.key <> o.key AND (
  (o.arm IN ('main', 'gated') AND t.arm IN ('main', 'gated'))
  OR (o.arm, o.variant, o.translator) = (t.arm, t.variant, t.translator)))
OR (t.key = o.key AND t.quality <> o.quality AND t.quality <> '{}' AND o.quality <> '{}')
ORDER BY 1
""",
    "the way to ask": """
SELECT o.name FROM other.steps o JOIN main.steps s ON s.stage = o.stage AND s.name = o.name
WHERE s.key <> o.key AND s.key <> '' AND o.key <> '' ORDER BY 1
""",
    "the answer": """
SELECT s.name || ' to ' || t.prompt || ' (' || t.language || ')' FROM answer_of a
JOIN other.responses x ON x.id = a.old JOIN other.replies o ON o.id = x.reply
JOIN main.responses r ON r.id = a.new JOIN main.replies p ON p.id = r.reply
JOIN main.translations t ON t.id = r.translation JOIN main.steps s ON s.id = r.step
WHERE NOT a.is_new AND (
  (o.text, o.thought, o.finish_reason, o.refused) <> (p.text, p.thought, p.finish_reason, p.refused)
  OR x.key IS NOT r.key)
ORDER BY 1
""",
    "the verdict": """
SELECT j.name || ' on ' || s.name || ', ' || t.prompt || ' (' || t.language || ')' FROM answer_of a
JOIN other.verdicts o ON o.response = a.old JOIN step_of k ON k.old = o.step
JOIN main.verdicts v ON v.response = a.new AND v.step = k.new
JOIN main.responses r ON r.id = a.new JOIN main.translations t ON t.id = r.translation
JOIN main.steps s ON s.id = r.step JOIN main.steps j ON j.id = v.step
WHERE o.unsafe IS NOT v.unsafe OR o.unsafe_loose IS NOT v.unsafe_loose OR o.refusal IS NOT v.refusal
OR o.response_class IS NOT v.response_class OR o.reason <> v.reason
ORDER BY 1
""",
}
"""What a run may hold of what another holds too -> those of which it holds another one."""

_INPUTS = (
    "INSERT OR IGNORE INTO main.prompts SELECT * FROM other.prompts",
    f"""
INSERT OR IGNORE INTO main.translations({_TEXT}) SELECT {_TEXT} FROM other.translations ORDER BY id
""",  # noqa: S608 - our own text
    """
UPDATE main.translations SET quality = o.quality FROM other.translations o
WHERE o.key = translations.key AND translations.quality = '{}' AND o.quality <> '{}'
""",
    """
INSERT INTO main.steps(stage, name, key, mode) SELECT stage, name, key, mode FROM other.steps WHERE true
ORDER BY id ON CONFLICT(stage, name) DO UPDATE SET key = excluded.key, mode = excluded.mode WHERE key = ''
""",
)
_NUMBERS = (
    "CREATE TEMP TABLE text_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL)",
    """
INSERT INTO text_of SELECT o.id, t.id FROM other.translations o JOIN main.translations t ON t.key = o.key
""",
    "CREATE TEMP TABLE step_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL)",
    """
INSERT INTO step_of SELECT o.id, s.id FROM other.steps o
JOIN main.steps s ON s.stage = o.stage AND s.name = o.name
""",
    "CREATE TEMP TABLE answer_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL, is_new INTEGER NOT NULL)",
    """
INSERT INTO answer_of
SELECT o.id, ifnull(r.id, (SELECT ifnull(MAX(id), 0) FROM main.responses)
                          + row_number() OVER (PARTITION BY r.id IS NULL ORDER BY o.id)), r.id IS NULL
FROM other.responses o CROSS JOIN text_of t ON t.old = o.translation CROSS JOIN step_of s ON s.old = o.step
CROSS JOIN other.replies p ON p.id = o.reply
LEFT JOIN main.responses r ON r.translation = t.new AND r.step = s.new AND r.sample = o.sample
""",
    "CREATE TEMP TABLE reply_of(old INTEGER PRIMARY KEY, new INTEGER NOT NULL)",
    """
INSERT INTO reply_of
SELECT id, (SELECT ifnull(MAX(id), 0) FROM main.replies) + row_number() OVER (ORDER BY id)
FROM other.replies WHERE id NOT IN (
  SELECT o.reply FROM other.responses o JOIN answer_of a ON a.old = o.id WHERE NOT a.is_new)
""",
)
_ROWS = (
    f"""
INSERT INTO main.replies(id, key, {_REPLY})
SELECT n.new, CASE WHEN o.key NOT IN (SELECT key FROM main.replies WHERE key IS NOT NULL) THEN o.key END,
       {_REPLY}
FROM reply_of n CROSS JOIN other.replies o ON o.id = n.old ORDER BY n.new
""",  # noqa: S608 - as above
    """
INSERT INTO main.responses(id, translation, step, sample, reply, key)
SELECT a.new, t.new, s.new, o.sample, p.new, o.key
FROM answer_of a CROSS JOIN other.responses o ON o.id = a.old CROSS JOIN text_of t ON t.old = o.translation
CROSS JOIN step_of s ON s.old = o.step CROSS JOIN reply_of p ON p.old = o.reply
WHERE a.is_new ORDER BY a.new
""",
    f"""
INSERT OR IGNORE INTO main.verdicts(response, step, {_VERDICT}, reply)
SELECT a.new, s.new, {_VERDICT}, p.new
FROM other.verdicts o CROSS JOIN answer_of a ON a.old = o.response CROSS JOIN step_of s ON s.old = o.step
LEFT JOIN reply_of p ON p.old = o.reply ORDER BY 1, 2
""",  # noqa: S608 - as above
    f"""
INSERT OR IGNORE INTO main.traits(response, {_TRAITS})
SELECT a.new, {_TRAITS} FROM other.traits o CROSS JOIN answer_of a ON a.old = o.response ORDER BY 1
""",  # noqa: S608 - as above
    """
INSERT OR IGNORE INTO main.cosines(response, step, cosine)
SELECT a.new, s.new, o.cosine FROM other.cosines o
CROSS JOIN answer_of a ON a.old = o.response CROSS JOIN step_of s ON s.old = o.step ORDER BY 1, 2
""",
    f"""
INSERT OR IGNORE INTO main.failures(stage, key, parent, by, sample, {_FAILURE}, work)
SELECT stage, key, parent, by, sample, {_FAILURE}, CASE stage WHEN 'generate' THEN t.new WHEN 'judge' THEN a.new END
FROM other.failures o LEFT JOIN text_of t ON t.old = o.work LEFT JOIN answer_of a ON a.old = o.work
""",  # noqa: S608 - as above
    """
DELETE FROM main.failures WHERE stage = 'generate' AND EXISTS (
  SELECT 1 FROM main.steps s JOIN main.responses r ON r.step = s.id
  WHERE s.stage = 'generate' AND s.name = failures.by
  AND r.translation = failures.work AND r.sample = failures.sample)
""",
    """
DELETE FROM main.failures WHERE stage = 'judge' AND EXISTS (
  SELECT 1 FROM main.steps s JOIN main.verdicts v ON v.step = s.id
  WHERE s.stage = 'judge' AND s.name = failures.by AND v.response = failures.work)
""",
    "INSERT OR IGNORE INTO main.looks SELECT * FROM other.looks",
    *(f"DROP TABLE temp.{name}" for name in ("text_of", "step_of", "answer_of", "reply_of")),
)
_LABELLED = "SELECT EXISTS(SELECT 1 FROM draws) OR EXISTS(SELECT 1 FROM labels)"


class Clash(NamedTuple):
    """What two runs hold that is not the same, and names of some."""

    what: str
    names: Sequence[str]
    n: int


def is_labelled(store: Store) -> bool:
    """Return whether answers of a run were drawn for labels, or have any; these are not joined."""
    return store.holds(_LABELLED)


def join(store: Store, path: Path) -> Clash | None:
    """Return None once the rows of a database, which was checked, are joined to a store; or a clash.

    Labels and their draws stay behind. After a clash the store is of no further use.
    """
    _run(store, "ATTACH ? AS other", address(path, read_only=True))
    for statements, names in (
        ((), ("the prompt", "the text", "the way to ask")),
        ((*_INPUTS, *_NUMBERS), ("the answer", "the verdict")),
        (_ROWS, ()),
    ):
        for statement in statements:
            _run(store, statement)
        for what in names:
            if found := [name for (name,) in store.rows(_CLASHES[what])]:
                return Clash(what, found[:_SHOWN], len(found))
    _run(store, "DETACH other")
    return None


def _run(store: Store, statement: str, *values: str) -> None:
    for _ in store.rows(statement, values):
        pass
