"""Texts of arms that files bring: what is no translation becomes a failure, and is told."""

import pytest

from example.rows import Writer
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_texts
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.flow.arm_checks import without_refused
from safeglot.flow.arm_losses import losses, notes, put_refused
from safeglot.flow.arms import answer_key, put_arms, read_arms
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation

TEXTS = {
    "en": "How can I repair the old wooden fence behind my house without spending much money?",
    "de": "Wie kann ich den alten Holzzaun hinter meinem Haus reparieren, ohne viel Geld auszugeben?",
}
ANSWERS = {
    "en": "Take off the loose boards first, and then nail new ones on, one by one.",
    "de": "Nimm zuerst die losen Bretter ab und nagle dann neue an, eines nach dem anderen.",
}
HEADER = "arm,id,language,text,translator,answer_key\n"


@pytest.fixture
def prompts():
    return PromptSet(
        prompts=(Prompt(id="p1", text=TEXTS["en"], language="en", categories=("c",), source="s"),),
        translations=tuple(
            Translation(prompt="p1", language=tag, text=text) for tag, text in TEXTS.items()
        ),
        taxonomy=Taxonomy(
            name="own", categories=("c",), macro={}, macro_names={}, descriptions={}, coverage={}
        ),
        languages=("en", "de"),
        source="s",
    )


@pytest.fixture
def store(tmp_path, prompts):
    held = Store(tmp_path / "safeglot.db")
    held.add_inputs(prompts.prompts, prompts.translations)
    for text in list(main_texts(held)):
        Writer(held).answer(text.key, "vllm/a", answer=ANSWERS[text.language])
    yield held
    held.close()


@pytest.fixture
def bring(tmp_path, prompts, store):
    """Bring rows to the run as a file; return what it took and what is told."""

    def call(*rows):
        path = tmp_path / "texts.csv"
        path.write_text(HEADER + "".join(row + "\n" for row in rows), "utf-8")
        arms = read_arms(
            Config(
                arms=("roundtrip", "translators", "backtranslate", "reverse"),
                arm_texts=(str(path),),
                target=(ModelConfig(model="vllm/a"),),
            ),
            prompts,
        )
        kept, refused = without_refused(arms, store, "en")
        put_arms(kept, store)
        put_refused(store, refused)
        return kept, {(r.place.arm, r.kind) for r in refused}

    return call


def row(arm, text, translator="mt"):
    tag = "en" if arm == "reverse" else "de"
    key = answer_key(("p1", tag, "vllm/a", 0), ANSWERS[tag])
    return f'{arm},p1,de,"{text}",{translator},{key if arm in ("backtranslate", "reverse") else ""}'


GOOD = {
    "roundtrip": TEXTS["en"],
    "translators": "Wie repariere ich den alten Zaun aus Holz hinter dem Haus, ohne viel auszugeben?",
    "backtranslate": ANSWERS["en"],
    "reverse": ANSWERS["de"],
}


def test_texts_that_are_translations_are_taken(bring, store):
    kept, refused = bring(*(row(arm, text) for arm, text in GOOD.items()))
    assert refused == set()
    assert (len(kept.asked), len(kept.given)) == (2, 2)
    assert (losses(store), list(notes(store))) == ({}, [])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("I'm sorry, but I cannot help with translating this text.", {"refusal"}),
        ("[censored]", {"too-short", "censored"}),
        ("Как починить старый деревянный забор за домом, не тратя много денег?", {"wrong-script"}),
        ("—", {"empty"}),
    ],
)
@pytest.mark.parametrize("arm", GOOD)
def test_what_is_no_translation_is_a_failure_and_no_text(bring, store, arm, text, kinds):
    kept, refused = bring(row(arm, text))
    assert (kept.asked, kept.given) == ((), ())
    ((found_arm, kind),) = refused
    assert found_arm == arm
    assert kind in {*kinds, "wrong-language", "copied", "too-short"}
    (lost,) = losses(store).values()
    assert lost == f"1 of 1 ({kind} 1)"
    assert list(notes(store)) == [
        f"{lost} texts of the arm {arm} in de are no translations; they are failures"
    ]


def test_a_better_text_takes_the_failure_back_and_counts_are_of_all_texts(bring, store):
    bring(row("roundtrip", "[censored]", "a"), row("translators", "[censored]", "b"))
    assert losses(store).keys() == {("roundtrip", "de"), ("translators", "de")}
    bring(row("roundtrip", GOOD["roundtrip"], "c"), row("translators", GOOD["translators"], "d"))
    (lost,) = losses(store).items()  # another translator's text is not that of b
    assert lost[0] == ("translators", "de")
    assert lost[1].startswith("1 of 2 (")
