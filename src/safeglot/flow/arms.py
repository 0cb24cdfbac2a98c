"""The arms of a run: other texts for the same prompts, each of which changes one thing alone.

An arm's texts come from files and are checked before anything is spent. Three arms are asked
(`roundtrip`, `roundtrip2`, `translators`); the texts of two are answers already (`backtranslate`, `reverse`).
They are only ever added to a run: a text that is there is not replaced by another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from safeglot.backends.engine.items import IN_REFERENCE
from safeglot.backends.files import arm_texts
from safeglot.backends.files.arm_texts import TextToFill
from safeglot.backends.files.manifest import ArmsSummary, Manifest
from safeglot.backends.store.answers import MainAnswer, brought_answers, main_answers
from safeglot.backends.store.records import reply_row
from safeglot.backends.store.texts import arm_texts as stored_texts
from safeglot.backends.store.texts import main_texts, put_quality, text_numbers
from safeglot.config.settings import Config
from safeglot.generate import Given
from safeglot.keys import digest, translation_key
from safeglot.prompts.problems import Problems
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.arm_rows import GIVEN, ArmPlan, ArmRow, read_arm_rows
from safeglot.prompts.reading.tables import read_table
from safeglot.types import Item, Prompt, Reply, Translation, is_human

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store

MADE = "the translation set"
"""Where a text stood that safeglot made itself."""
Place: TypeAlias = tuple[str, str, str, int]
"""(prompt, language, model, sample) of a main answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """An answer that a file brought, the key of the answer that it translates, and where it stood."""

    translation: Translation
    item: Item
    answer: Given
    answer_key: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """Checked texts of the arms: those to be asked, answers to be judged, quality of main texts."""

    asked: tuple[Translation, ...] = ()
    given: tuple[GivenAnswer, ...] = ()
    main: tuple[Translation, ...] = ()
    """Main translations with their quality."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Key of an asked translation -> its place in the file."""
    lacking: tuple[str, ...] = ()
    """Arms that were named and have no text in the files; the run may hold them already."""
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Name -> sha256 of what was read."""
    warnings: tuple[str, ...] = ()
    """Where assumption A6 does not hold or is not checked; kept with the run."""

    def __bool__(self) -> bool:
        """Return whether there is any text, or any that is lacking."""
        return bool(self.asked or self.given or self.main or self.lacking)

    @property
    def translations(self) -> Iterator[Translation]:
        """The rows that the store needs."""
        yield from self.asked
        yield from {g.item.translation_key: g.translation for g in self.given}.values()


def read_arms(config: Config, prompts: PromptSet) -> Arms:
    """Return the checked texts of `arm_texts`. Raises: UsageError, InputErrors with every problem."""
    if not config.arms and not config.arm_texts:
        return Arms()
    problems = Problems()
    loaded = arm_texts.load(config.arm_texts)
    tables = [read_table(source.files) for source in loaded]
    for table in tables:
        problems.found += table.faults
    planned = ArmPlan(
        prompts=prompts,
        arms=config.arms,
        models=tuple(target.model for target in config.target),
        samples=config.samples,
        reference=config.reference,
        selected=bool(config.limit or config.categories or config.allow_partial),
        people=tuple(map(is_human, config.arm_texts)),
    )
    rows, notes, warnings = read_arm_rows(tables, planned, problems)
    problems.stop()
    there = {row.arm for row in rows}
    lacking = tuple(name for name in config.arms if name not in GIVEN and name not in there)
    return replace(
        _arms_of(rows, prompts, config.reference),
        lacking=lacking,
        files={source.name: source.sha256 for source in loaded},
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def with_made(arms: Arms, prompts: PromptSet) -> Arms:
    """Return the arms with the texts that safeglot made itself."""
    made = {translation_key(t): t for t in prompts.arm_texts}
    known = {translation_key(t) for t in arms.asked}
    new = {key: t for key, t in made.items() if key not in known}
    there = {t.arm for t in made.values()}
    rated = tuple(t for t in prompts.translations if t.quality)
    return replace(
        arms,
        asked=(*arms.asked, *new.values()),
        main=(*arms.main, *rated),
        where={**dict.fromkeys(new, MADE), **arms.where},
        lacking=tuple(name for name in arms.lacking if name not in there),
    )


def _arms_of(rows: Sequence[ArmRow], prompts: PromptSet, reference: str) -> Arms:
    known = {p.id: p for p in prompts.prompts}
    texts = {(t.prompt, t.language): t for t in prompts.translations}
    texts_to_ask: dict[str, Translation] = {}
    where: dict[str, str] = {}
    given, main = [], []
    for row in rows:
        own = texts.get((row.prompt, row.language))
        if own is None:  # taken out by the gate, or not translated: no arm of it compares
            continue
        if row.arm == "main":
            main.append(replace(own, quality=row.quality))
        elif row.arm in GIVEN:
            shown = texts[row.prompt, reference] if row.arm == "backtranslate" else own
            given.append(_given(row, known[row.prompt], shown.text, reference))
        else:
            translation = _translation(row, row.text)
            key = translation_key(translation)
            texts_to_ask[key], where[key] = translation, row.where
    return Arms(
        asked=tuple(texts_to_ask.values()),
        given=tuple(given),
        main=tuple(main),
        where=where,
    )


def _translation(row: ArmRow, text: str) -> Translation:
    return Translation(
        prompt=row.prompt,
        language=row.language,
        text=text,
        translator=row.translator,
        quality=row.quality,
        arm=row.arm,
    )


def _given(row: ArmRow, prompt: Prompt, shown: str, reference: str) -> GivenAnswer:
    translation = _translation(row, shown)
    return GivenAnswer(
        translation=translation,
        item=item_of(prompt, translation, sample=row.sample, reference=reference),
        answer=Given(model=row.model, text=row.text),
        answer_key=row.answer_key,
        where=row.where,
    )


def item_of(prompt: Prompt, translation: Translation, *, sample: int, reference: str) -> Item:
    """Return what a target or judge is shown: a text in the language that it is written in."""
    written = reference if translation.arm in IN_REFERENCE else translation.language
    return Item(
        prompt=prompt,
        translation=replace(translation, language=written),
        translation_key=translation_key(translation),
        sample=sample,
    )


# ---- against what a run holds


def answer_key(place: Place, text: str) -> str:
    """Return the key of an answer, by which a change since its translation is noticed."""
    return digest("answer", place, text)[:16]


def check_arms(arms: Arms, store: Store | None, reference: str) -> None:
    """Check the texts against a run's store; None for a run that is yet to begin.

    Raises: InputErrors where an arm has no text, an answer is not there or has changed, or a text
    would be replaced.
    """
    problems = Problems()
    there = set() if store is None else {text.arm for text in stored_texts(store)}
    for name in arms.lacking:
        if name not in there:
            problems.add(
                f"--arms {name}",
                "needs its texts; give a file with rows of this arm as --arm-texts",
            )
    _check_answers(arms, store, reference, problems)
    if store is not None:
        _check_kept(arms, store, problems)
    problems.stop()


def _check_answers(arms: Arms, store: Store | None, reference: str, problems: Problems) -> None:
    wanted = {_source_of(given, reference): given for given in arms.given}
    if not wanted:
        return
    answers = () if store is None else main_answers(store)
    there = {place: a.text for a in answers if (place := _place(a)) in wanted}
    for given in arms.given:
        place = _source_of(given, reference)
        name = f"{given.translation.arm} of {', '.join(map(str, place))}"
        text = there.get(place)
        if text is None:
            problems.add(
                given.where,
                f"{name}: the run has no such answer yet; run without this arm first, then "
                "`safeglot arms RUN --out FILE` writes the answers to be translated",
            )
        elif answer_key(place, text) != given.answer_key:
            problems.add(
                given.where,
                f"{name}: the answer has changed since it was translated (its answer_key is "
                f"{answer_key(place, text)}); translate the answer that the run has now",
            )


def _place(answer: MainAnswer) -> Place:
    return answer.prompt, answer.language, answer.model, answer.sample


def _source_of(given: GivenAnswer, reference: str) -> Place:
    t = given.translation
    language = reference if t.arm == "reverse" else t.language
    return t.prompt, language, given.answer.model, given.item.sample


def _check_kept(arms: Arms, store: Store, problems: Problems) -> None:
    texts = {
        (text.arm, text.variant, text.prompt, text.language, text.translator): text.key
        for text in stored_texts(store)
    }
    answers = {(a.translation, a.model, a.sample): a.key for a in brought_answers(store)}
    for t in arms.asked:
        stored = texts.get((t.arm, t.variant, t.prompt, t.language, t.translator))
        if stored not in (None, key := translation_key(t)):
            _replaced(arms.where[key], t, problems)
    for given in arms.given:
        item = given.item
        stored = answers.get((item.translation_key, given.answer.model, item.sample))
        if stored not in (None, given.answer.key_of(item)):
            _replaced(given.where, given.translation, problems)


def _replaced(where: str, t: Translation, problems: Problems) -> None:
    problems.add(
        where,
        f"{t.arm} of {t.prompt} in {t.language} by {t.translator}: the run holds another text "
        "there; name another translator, or give another --out",
    )


def put_arms(arms: Arms, store: Store, order: Sequence[str] = ()) -> None:
    """Write the texts of the arms, in this order of the prompts, into a store that has these."""
    rank = {prompt: i for i, prompt in enumerate(order)}
    store.add_inputs((), sorted(arms.translations, key=lambda t: rank.get(t.prompt, len(rank))))
    put_quality(
        store, {translation_key(t): t.quality for t in (*arms.asked, *arms.main) if t.quality}
    )
    there = {answer.key for answer in brought_answers(store)}
    new = {key: g for g in arms.given if (key := g.answer.key_of(g.item)) not in there}
    texts = text_numbers(store, {g.item.translation_key for g in new.values()})
    reply, response = (store.numbers(table, len(new)) for table in ("replies", "responses"))
    replies, responses = [], []
    for i, (key, given) in enumerate(new.items()):
        step = store.step("generate", given.answer.model)
        said = Reply(text=given.answer.text, finish_reason="given")
        replies.append(reply_row(reply + i, None, said))
        text, sample = texts[given.item.translation_key], given.item.sample
        responses.append((response + i, text, step, sample, reply + i, key))
    store.write("replies", replies)
    store.write("responses", responses)


def arms_summary(store: Store) -> ArmsSummary | None:
    """Return the manifest's summary of the arms that a run holds; None where it has none."""
    texts, answers = list(stored_texts(store)), list(brought_answers(store))
    if not texts:
        return None
    counts = Counter(text.arm for text in texts if text.arm not in (*GIVEN, "pivoted"))
    counts.update(answer.arm for answer in answers)
    content = sorted([*((t.key, t.quality) for t in texts), *((a.key, "") for a in answers)])
    return ArmsSummary(digest=digest("arms", content)[:12], texts=dict(sorted(counts.items())))


# ---- what is to be translated


def to_translate(store: Store, about: Manifest, names: Sequence[str]) -> Iterator[TextToFill]:
    """Yield a row for each answer to a harmful prompt that an arm still needs in translation."""
    harmful = {p.id: i for i, p in enumerate(store.prompts()) if p.kind == "harmful"}
    reference = about.reference
    others = [tag for tag in about.languages if tag != reference]
    texts = {(text.prompt, text.language) for text in main_texts(store)}
    done = {(a.arm, a.prompt, a.language, a.model, a.sample) for a in brought_answers(store)}
    answers = [
        (*_place(answer), answer.text)
        for answer in main_answers(store)
        if answer.prompt in harmful and answer.text.strip()
    ]
    places = {name: i for i, name in enumerate((*about.languages, *about.models))}
    answers.sort(key=lambda r: (harmful[r[0]], places[r[1]], places.get(r[2], -1), r[3]))
    for arm in names:
        for prompt, language, model, sample, text in answers:
            if (language == reference) is (arm == "backtranslate"):
                continue
            for tag in (language,) if arm == "backtranslate" else others:
                planned = (prompt, tag) in texts
                if planned and (arm, prompt, tag, model, sample) not in done:
                    place = (prompt, language, model, sample)
                    yield TextToFill(
                        arm=arm,
                        id=prompt,
                        language=tag,
                        model=model,
                        sample=sample,
                        answer=text,
                        answer_key=answer_key(place, text),
                    )
