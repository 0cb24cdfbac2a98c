"""Values of the right type that we would not have written: they make no fault, and wrong numbers.

Asked whenever a run or a translation set is opened, so each table is read once, by SQLite itself.
"""

from __future__ import annotations

from typing import get_args

from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.text.languages import tag_of
from safeglot.types import SAMPLES, Arm, Kind

_ARMS, _KINDS = get_args(Arm), get_args(Kind)
_CLASSES = ("R", "SC", "S", "UC", "TRUNC", "INV-empty", "INV-degenerate", "INV-lang", "INV-echo")
"""Those of earlier versions too."""
_MODES = ("", "prompt+answer", "answer", "prompt")
"""The first is that of what is no judge."""


def _flag(column: str) -> tuple[str, str]:
    return column, f"{column} NOT IN (0, 1)"


def _count(column: str) -> tuple[str, str]:
    return column, f"{column} < 0"


def _number(column: str) -> tuple[str, str]:
    return column, f"typeof({column}) NOT IN ('integer', 'null')"


def _share(column: str) -> tuple[str, str]:
    return column, f"{column} NOT BETWEEN 0 AND 1"


def _name(column: str, names: tuple[str, ...]) -> tuple[str, str]:
    return column, f"{column} NOT IN ({', '.join(repr(name) for name in names)})"


_SAMPLE = "sample", f"sample NOT BETWEEN 0 AND {SAMPLES[1]}"
_WRONG: dict[str, tuple[tuple[str, str], ...]] = {
    "prompts": (_name("kind", _KINDS), _count("position")),
    "translations": (_name("arm", _ARMS), _flag("kept")),
    "replies": (
        _count("n_tokens"), _count("n_prompt_tokens"), _count("n_thought_tokens"), _flag("refused"),
    ),
    "responses": (_SAMPLE, _number("sample"), _number("translation"), _number("step"), _number("reply")),
    "verdicts": (
        _number("response"), _number("step"), _number("reply"),
        _flag("unsafe"), _flag("unsafe_loose"), _flag("refusal"), _share("p_unsafe"),
        _name("response_class", _CLASSES),
    ),
    "steps": (_name("mode", _MODES),),
    "failures": (_SAMPLE, _count("attempts"), _flag("transient"), _number("work")),
    "traits": (_flag("truncated"), _count("version")),
    "cosines": (("cosine", "cosine NOT BETWEEN -1 AND 1"),),
    "draws": (_count("wanted"),),
    "labels": (_name("label", ("safe", "unsafe", "unsure")), _number("response")),
    "batches": (_name("state", ("sending", "running", "ended", "gone")), _count("requests"), _count("began"), _count("ended")),
    "batch_requests": (_number("batch"),),
    "history": (_share("unsafe"),),
    "chosen": (_number("translation"),),
}  # fmt: skip
"""Table -> columns, and when their value is wrong; an empty one (NULL) is wrong to none of these."""
_LANGUAGES = ("prompts", "translations", "draws")


def check_ranges(store: Store) -> None:
    """Check that no row holds what would make wrong numbers. Raises: UsageError naming the table."""
    if fault := _fault(store):
        raise UsageError(
            f"{store.path}: is not as safeglot wrote it ({fault}). Put a copy of it back, or begin "
            "again with another --out."
        )


def _fault(store: Store) -> str:
    for table, rules in _WRONG.items():
        wrong = " OR ".join(rule for _, rule in rules)
        if not store.count(f"SELECT EXISTS(SELECT 1 FROM {table} WHERE {wrong})"):  # noqa: S608 - our own names
            continue
        for column, rule in rules:
            for (value,) in store.rows(f"SELECT {column} FROM {table} WHERE {rule} LIMIT 1"):  # noqa: S608 - as above
                return f"its table {table} holds {value!r:.60} as {column}"
    for table in _LANGUAGES:
        for (tag,) in store.rows(f"SELECT DISTINCT language FROM {table}"):  # noqa: S608 - as above
            if not tag_of(tag):
                return f"its table {table} holds {tag!r:.60} as language, which is none"
    return ""
