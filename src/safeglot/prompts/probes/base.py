"""Probes (one factor at one level), variants of kept texts, and choices that no language moves."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from safeglot.errors import UsageError
from safeglot.keys import digest
from safeglot.prompts.probes.package_data import countries

LEVELS: Mapping[str, tuple[str, ...]] = {
    "context": ("local", "reference"),
    "dialect": (),
    "coded": (),
    "paraphrase": (),
    "codewords": (),
    "codeswitch": ("word", "clause", "word-into-reference", "clause-into-reference"),
    "translit": ("latin",),
    "spelling": ("leet", "spaces", "dots"),
    "length": ("5%",),
    "framing": ("story", "roleplay", "educational", "research"),
}
"""Factors in the order in which they are applied, and their levels; () takes a level of the user's."""
GIVEN = ("dialect", "coded", "paraphrase")
"""Factors whose texts are given whole, by a file or a chat model: a text has one of them."""
SLANG = ("dialect", "coded")
"""Those whose language an identifier may take for another."""
READ_BACK = ("spelling", "framing", "length")
"""Applied last: what they leave in the text is the request word for word."""
MOST_WORDINGS = 20
LEAST_DRAWN = 20
"""Prompts that are answered again at twice the limit, at least."""
_PERCENT = re.compile(r"(?:100|[1-9]\d?)%", re.ASCII)
SHARE = 0.3
"""Of the words or clauses that code-switching swaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One factor at one level, as in codeswitch=word; of those without levels it is a file or a label."""

    factor: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A changed text; `fault` says why there is none. `facts` say what was changed.

    Code-switching: level (what was swapped: word, clause or sentence), matrix, embedded, share (of
    the reference text's words or clauses), swapped (how many stretches), cmi and its cmi_unit.
    Context: context (whose), and what filled the slots: country, place, language. Translit: script. Framing: frame (whose
    row), frame_checked (yes or no). Dialect, coded, paraphrase: label. Codewords: terms (how many
    were replaced). Spelling: spelling, changed (share of the letters of all words).
    """

    text: str
    fault: str = ""
    facts: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The result of one probe (or several at once) for one prompt in one language."""

    prompt: str
    language: str
    name: str
    variant: Variant


def failed(fault: str, **facts: float | str) -> Variant:
    """Return a variant that could not be made, with the reason."""
    return Variant(text="", fault=fault, facts=facts)


def parse(text: str) -> Probe:
    """Return the probe that a text names: "codeswitch=word", "framing=story", "translit", "context", "dialect=FILE".

    Raises: UsageError.
    """
    factor, given, level = (part.strip() for part in text.partition("="))
    if factor not in LEVELS:
        raise UsageError(f'probe "{text}": no factor is called "{factor}"; there are: {examples()}')
    levels = LEVELS[factor]
    if not given and factor in ("translit", "context", "length"):
        level = levels[0]
    own = countries() if factor == "context" else ()
    if factor == "length" and _PERCENT.fullmatch(level):
        return Probe(factor=factor, level=level)
    if (levels and level not in (*levels, *own)) or not level:
        wanted = f"one of {', '.join(levels)}" if levels else f"a file, as in {factor}=texts.csv"
        wanted = "a share from 1% to 100%" if factor == "length" else wanted
        wanted += f", or a country ({', '.join(own)})" if own else ""
        raise UsageError(f'probe "{text}": {factor} takes {wanted}; write {factor}=LEVEL')
    if factor == "paraphrase" and level.isdecimal() and not 0 < int(level) <= MOST_WORDINGS:
        raise UsageError(f'probe "{text}": asks for {level} wordings; give 1 to {MOST_WORDINGS}')
    if "+" in level and levels:
        raise UsageError(f'probe "{text}": give one probe at a time')
    return Probe(factor=factor, level=level)


def parse_all(text: str) -> tuple[Probe, ...]:
    """Return probes that are applied together, written with "+" between, in the order of application.

    Raises: UsageError, also where a factor is named twice.
    """
    probes = ordered([parse(part) for part in text.split("+")])
    factors = [probe.factor for probe in probes]
    whole = [factor for factor in factors if factor in GIVEN]
    if len(factors) > 1 and "length" in factors:
        raise UsageError(f'probe "{text}": length stands alone; give it beside the others')
    if len(set(factors)) < len(factors) or len(whole) > 1:
        twice = " and ".join(whole) if len(whole) > 1 else "a factor twice"
        raise UsageError(f'probe "{text}" names {twice}; one text has one level of each')
    return probes


def wordings(probe: Probe) -> tuple[Probe, ...]:
    """Return the probes that paraphrase=N stands for, one of each wording; none of another probe."""
    if probe.factor != "paraphrase" or not probe.level.isdecimal():
        return ()
    return tuple(Probe(factor="paraphrase", level=str(n + 1)) for n in range(int(probe.level)))


def examples() -> str:
    """Return how probes are written."""
    return ", ".join(
        f"{factor}={level}" for factor, levels in LEVELS.items() for level in levels or ("FILE",)
    )


def ordered(probes: Sequence[Probe]) -> tuple[Probe, ...]:
    """Return probes in the order in which they are applied: what changes words first, the frame last."""
    order = list(LEVELS)
    return tuple(sorted(probes, key=lambda probe: order.index(probe.factor)))


def name(probes: Sequence[Probe]) -> str:
    """Return the one name of a set of probes, as `Translation.variant` has it: codeswitch=word+framing=story.

    How many answers are asked again is no part of it: more of them join those that are there.
    """
    if any(probe.factor == "length" for probe in probes):
        return "length"
    return "+".join(f"{probe.factor}={probe.level}" for probe in ordered(probes))


def seed_of(seed: int, prompt_id: str, probe: Probe) -> int:
    """Return the 64-bit seed of a probe's choices for a prompt; no language goes into it."""
    return int(digest("probe", seed, prompt_id, probe.factor, probe.level)[:16], 16)


def drawn(ids: Sequence[str], seed: int, probe: Probe) -> frozenset[str]:
    """Return the prompts, the same in every language, that length=N% answers again: about N of 100, of few LEAST_DRAWN."""
    turn = {id_: int(digest("length", seed, id_)[:8], 16) / 2**32 for id_ in ids}
    share = int(probe.level.removesuffix("%")) / 100
    few = heapq.nsmallest(LEAST_DRAWN, ids, key=turn.__getitem__)
    return frozenset(few).union(id_ for id_ in ids if turn[id_] < share)


def shuffled(seed: int, n: int) -> Iterator[int]:
    """Yield 0 to n - 1 in the order that a seed determines: by the digest of each number."""
    yield from sorted(range(n), key=lambda i: digest("choice", seed, i))
