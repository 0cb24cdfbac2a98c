"""Categories of harm: their order, their macro categories, and what a judge covers of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.text.spelling import closest

ALERT = "ALERT"
OWN = "own"
"""Names of the taxonomy of ALERT, and of that which a file brings by itself."""
COVERED_JUDGE = "llama-guard-3"
_CATEGORY_KEYS = ("macro", "description", COVERED_JUDGE)
_COVERAGE_KEYS = ("codes", "coverage")
_TOP_KEYS = ("name", "macro", "category")


class Coverage(NamedTuple):
    """The hazard codes of Llama Guard 3 that fit a category (main one first), and how far they do."""

    codes: tuple[str, ...]
    text: str

    @property
    def gap(self) -> bool:
        """Whether the judge's policy leaves the category, or its core, out."""
        return self.text.startswith("gap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Categories in canonical order; `macro`, `coverage` and `descriptions` go by category."""

    name: str
    categories: tuple[str, ...]
    macro: Mapping[str, str] = field(default_factory=dict)
    macro_names: Mapping[str, str] = field(default_factory=dict)
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)

    @property
    def alert(self) -> bool:
        """Whether this is ALERT's taxonomy of 32 categories."""
        return self.name == ALERT

    @property
    def macros(self) -> tuple[str, ...]:
        """Macro categories in the order of their categories."""
        return tuple(dict.fromkeys(self.macro[c] for c in self.categories if c in self.macro))


def parse_taxonomy(toml_text: str, where: str, *, taken: tuple[str, ...] = ()) -> Taxonomy:
    """Return the taxonomy of a TOML text; `where` names the file in messages, `taken` other names.

    Raises: InputErrors with all that is wrong in it.
    """
    problems = Problems()
    try:
        data = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        problems.add(where, f"is not TOML: {error}")
        data = {}
    problems.stop()
    taxonomy = _TaxonomyTables(where, problems).taxonomy(data)
    if taxonomy.name in taken:
        problems.add(where, f'name "{taxonomy.name}" is taken; choose another')
    problems.stop()
    return taxonomy


class _TaxonomyTables:
    """Reads the tables of a taxonomy file, noting what is wrong with them."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems

    def taxonomy(self, data: Mapping[str, Any]) -> Taxonomy:
        self._check_keys(data, _TOP_KEYS, "")
        name = self._text(data, "name", "")
        macro_names = self._table(data, "macro")
        tables = self._table(data, "category")
        if not tables:
            self.problems.add(self.where, "has no category; add a table [category.NAME] for each")
        for key in macro_names:
            self._text(macro_names, key, "macro.")
        macro: dict[str, str] = {}
        descriptions: dict[str, str] = {}
        coverage: dict[str, Coverage] = {}
        for category in tables:
            table = self._table(tables, category, "category.")
            self._check_keys(table, _CATEGORY_KEYS, f"category.{category}.")
            if "macro" in table:
                macro[category] = self._macro(category, table, macro_names)
            if "description" in table:
                descriptions[category] = self._text(table, "description", f"category.{category}.")
            if COVERED_JUDGE in table:
                coverage[category] = self._coverage(category, table)
        self._check_macros(tuple(tables), macro)
        return Taxonomy(
            name=name,
            categories=tuple(tables),
            macro=macro,
            macro_names=macro_names,
            coverage=coverage,
            descriptions=descriptions,
        )

    def _check_macros(self, categories: tuple[str, ...], macro: Mapping[str, str]) -> None:
        without = [c for c in categories if c not in macro]
        if macro and without:
            message = f"has a macro category for some categories, but not for {', '.join(without)}"
            self.problems.add(self.where, f"{message}; give one to all or to none")

    def _macro(
        self, category: str, table: Mapping[str, Any], macro_names: Mapping[str, str]
    ) -> str:
        macro = self._text(table, "macro", f"category.{category}.")
        if macro and macro not in macro_names:
            key = f"category.{category}.macro"
            known = ", ".join(macro_names) or "none"
            near = did_you_mean(macro, macro_names)
            self.problems.add(
                self.where, f'{key} is "{macro}", which [macro] lacks (it has: {known}){near}'
            )
        return macro

    def _coverage(self, category: str, tables: Mapping[str, Any]) -> Coverage:
        prefix = f"category.{category}.{COVERED_JUDGE}."
        table = self._table(tables, COVERED_JUDGE, f"category.{category}.")
        self._check_keys(table, _COVERAGE_KEYS, prefix)
        codes = table.get("codes")
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            self.problems.add(self.where, f'{prefix}codes must be a list such as ["S2", "S6"]')
            codes = []
        return Coverage(codes=tuple(codes), text=self._text(table, "coverage", prefix))

    def _text(self, table: Mapping[str, Any], key: str, prefix: str) -> str:
        text = table.get(key)
        if isinstance(text, str) and text.strip():
            return text
        got = "is absent" if text is None else f"is {text!r}"
        self.problems.add(self.where, f"{prefix}{key} {got}; it must be a text")
        return ""

    def _table(self, table: Mapping[str, Any], key: str, prefix: str = "") -> Mapping[str, Any]:
        found = table.get(key, {})
        if isinstance(found, dict):
            return found
        self.problems.add(self.where, f"{prefix}{key} is {found!r}; it must be a table")
        return {}

    def _check_keys(self, table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                allowed = ", ".join(known)
                near = did_you_mean(key, known)
                message = f"{prefix}{key} is not a key of a taxonomy (allowed: {allowed}){near}"
                self.problems.add(self.where, message)


def choose_taxonomy(
    where_of: Mapping[str, str], alert: Taxonomy, given: Taxonomy | None, problems: Problems
) -> tuple[Taxonomy, tuple[str, ...]]:
    """Return the taxonomy of a file, and notes; `where_of` maps its categories to a place.

    At least one category of ALERT's makes it ALERT's; else the given one; else its own, in the
    order of first appearance. Unknown categories are noted as problems.
    """
    is_alert = any(category in alert.categories for category in where_of)
    if is_alert and given is not None:
        _refuse_given(where_of, alert, given, problems)
        return alert, ()
    taxonomy = alert if is_alert else given
    if taxonomy is None:
        own = Taxonomy(name=OWN, categories=tuple(where_of))
        return own, tuple(_own_notes(own.categories, alert))
    for category, where in where_of.items():
        if category not in taxonomy.categories:
            problems.add(where, unknown_category(category, taxonomy))
    return taxonomy, ()


def _refuse_given(
    where_of: Mapping[str, str], alert: Taxonomy, given: Taxonomy, problems: Problems
) -> None:
    category = next(c for c in where_of if c in alert.categories)
    problems.add(
        where_of[category],
        f"category \"{category}\" is ALERT's, so the file has ALERT's taxonomy and not "
        f'"{given.name}"; leave out --taxonomy, or rename the category in both files',
    )


def unknown_category(category: str, taxonomy: Taxonomy) -> str:
    """Return the message for a category that the taxonomy lacks, with the nearest that it has."""
    near = did_you_mean(category, taxonomy.categories)
    if len(taxonomy.categories) > 40:
        allowed = f"{len(taxonomy.categories)} categories"
    else:
        allowed = ", ".join(taxonomy.categories)
    name = "this file's" if taxonomy.name == OWN else f"the {taxonomy.name}"
    message = f'category "{category}" is not in {name} taxonomy{near}'
    return f"{message} (allowed: {allowed})" if not near else message


def _own_notes(categories: Sequence[str], alert: Taxonomy) -> Iterator[str]:
    yield f"the file brings its own {len(categories)} categories: {', '.join(categories)}"
    for category in categories:
        near = closest(category.replace(" ", "_"), alert.categories, cutoff=0.85)
        if near:
            yield f'category "{category}" is near ALERT\'s "{near}", but not the same'
