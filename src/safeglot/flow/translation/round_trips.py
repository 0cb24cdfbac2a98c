"""Round trips: kept texts sent back to the reference language, and there and back once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from safeglot.config.settings import Config
from safeglot.flow.translation.asking import Bench
from safeglot.flow.translation.translators import TranslationSteps
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.translate.base import Translator
from safeglot.translate.translators.from_file import FileTranslator
from safeglot.types import Prompt, Source, Translated, Translation

_Arm: TypeAlias = Literal["roundtrip", "roundtrip2"]
Trip: TypeAlias = Translation | Untranslated


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """One way: a text in a language, who translates it, and the prompt that it is of."""

    prompt: Prompt
    text: Translation
    """What goes out; its translator and language are those of the whole trip so far."""
    source: str
    target: str
    by: Translator


async def round_trips(config: Config, prompts: PromptSet, bench: Bench) -> list[Trip]:
    """Return the texts of the arms `roundtrip` and `roundtrip2` that the run names, or why they lack.

    A text goes back by another translator than made it where there is one. The second trip goes out
    by the one that made the text, where it can, and back as the first did.
    """
    reference, known = config.reference, {p.id: p for p in prompts.prompts}
    steps = bench.asking.steps
    kept = [text for text in prompts.translations if text.language != reference]
    home = [
        _Leg(prompt=known[text.prompt], text=text, source=text.language, target=reference, by=back)
        for text in kept
        if (back := _by(steps, text.language, reference, maker=text.translator, same=False))
    ]
    first = await _sent(home, bench, "roundtrip", what="round trips")
    trips = first if "roundtrip" in config.arms else []
    if "roundtrip2" in config.arms:
        trips = [*trips, *await _second(home, first, reference, bench)]
    return trips


async def _second(home: list[_Leg], first: list[Trip], reference: str, bench: Bench) -> list[Trip]:
    """Return the second round trips of the texts that came back from the first."""
    out, ways_back = [], []
    for leg, trip in zip(home, first, strict=True):
        there, maker = leg.text.language, leg.text.translator
        forward = _by(bench.asking.steps, reference, there, maker=maker, same=True)
        if isinstance(trip, Translation) and forward is not None:
            out.append(_Leg(prompt=leg.prompt, text=trip, source=reference, target=leg.source,
                            by=forward))  # fmt: skip
            ways_back.append(leg.by)
    gone = await _sent(out, bench, "roundtrip2", what="second round trips, out")
    home_again = [
        _Leg(prompt=leg.prompt, text=trip, source=leg.target, target=reference, by=back)
        for leg, trip, back in zip(out, gone, ways_back, strict=True)
        if isinstance(trip, Translation)
    ]
    lost: list[Trip] = [trip for trip in gone if isinstance(trip, Untranslated)]
    return [*await _sent(home_again, bench, "roundtrip2", what="second round trips, back"), *lost]


async def _sent(legs: list[_Leg], bench: Bench, arm: _Arm, *, what: str) -> list[Trip]:
    """Return what came of each leg, in their order."""
    found: dict[int, Trip] = {}

    async def send(n: int) -> bool:
        leg = legs[n]
        source = Source(
            prompt=leg.text.prompt, text=leg.text.text, language=leg.source, target=leg.target
        )
        given = await bench.translation(source, leg.by)
        found[n] = _arrived(leg, arm, given)
        return given.momentary

    await bench.each(range(len(legs)), send, what=what, of=len(legs))
    return [found[n] for n in range(len(legs))]


def _by(
    steps: TranslationSteps, source: str, target: str, *, maker: str, same: bool
) -> Translator | None:
    """Return who translates one way: the maker of a text, or another one, where that can be."""
    able = [t for t in steps.able(source, target) if not isinstance(t, FileTranslator)]
    return min(able, key=lambda t: (t.name == maker) is not same, default=None)


def _arrived(leg: _Leg, arm: _Arm, given: Translated) -> Trip:
    """Return a text that came through, or why none did."""
    by = f"{leg.text.translator}+{leg.by.name}"
    if given.fault or not given.text.strip():
        kind, _, message = (given.fault or "empty: the translator gave nothing").partition(": ")
        return Untranslated(
            prompt=leg.prompt.id,
            language=leg.text.language,
            kind=kind,
            message=f"{by}: {message or kind}",
            stage=arm,
            translator=by,
        )
    return Translation(
        prompt=leg.prompt.id,
        language=leg.text.language,
        text=given.text,
        translator=by,
        arm=arm,
    )
