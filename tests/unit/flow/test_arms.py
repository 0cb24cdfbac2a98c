import dataclasses

import pytest

from example.manifest import manifest_with
from example.rows import Writer
from safeglot.backends.engine.items import Items
from safeglot.backends.store.answers import brought_answers
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_texts
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.arms import (
    Arms,
    answer_key,
    arms_summary,
    check_arms,
    put_arms,
    read_arms,
    to_translate,
)
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation

ABOUT = manifest_with(models=("vllm/a",))


@pytest.fixture
def prompts():
    ids = ("p1", "p2")
    return PromptSet(
        prompts=tuple(
            Prompt(id=i, text=f"{i} en", language="en", categories=("c",), source="s") for i in ids
        ),
        translations=tuple(
            Translation(prompt=i, language=tag, text=f"{i} {tag}")
            for i in ids
            for tag in ("en", "de")
        ),
        taxonomy=Taxonomy(
            name="own", categories=("c",), macro={}, macro_names={}, descriptions={}, coverage={}
        ),
        languages=("en", "de"),
        source="s",
    )


@pytest.fixture
def store(tmp_path, prompts):
    """A run of two prompts, each answered in both languages; the second answer in German is empty."""
    with_answers = Store(tmp_path / "safeglot.db")
    with_answers.add_inputs(prompts.prompts, prompts.translations)
    for key, prompt, tag, *_ in list(main_texts(with_answers)):
        text = " " if (prompt, tag) == ("p2", "de") else f"answer {prompt} {tag}"
        Writer(with_answers).answer(key, "vllm/a", answer=text)
    yield with_answers
    with_answers.close()


def read(tmp_path, prompts, text, *arms, **settings):
    path = tmp_path / "texts.csv"
    path.write_text(text, "utf-8")
    given = {"arms": arms, "arm_texts": (str(path),), "target": (ModelConfig(model="vllm/a"),)}
    return read_arms(Config(**{**given, **settings}), prompts)


def back(prompt="p1", text="an answer", key=None, translator="mt"):
    key = key or answer_key((prompt, "de", "vllm/a", 0), f"answer {prompt} de")
    return f"arm,id,language,text,translator,answer_key\nbacktranslate,{prompt},de,{text},{translator},{key}\n"


def test_without_arms_nothing_is_read(prompts):
    found = read_arms(Config(), prompts)
    assert not found
    assert (found, list(found.translations)) == (Arms(), [])


def test_what_is_put_is_what_is_stored(tmp_path, prompts, store):
    text = (
        "arm,id,language,text,translator,quality_q\n"
        "roundtrip,p1,de,p1 back,mt,\ntranslators,p1,de,p1 anders,mt,0.5\nmain,p2,de,p2 de,,0.25\n"
    )
    found = read(tmp_path, prompts, text, "roundtrip", "translators")
    before = arms_summary(store)
    check_arms(found, store, "en")
    put_arms(found, store)
    arms = "SELECT arm, text FROM translations WHERE arm <> 'main'"
    assert set(store.rows(arms)) == {("roundtrip", "p1 back"), ("translators", "p1 anders")}
    stored = dict(store.rows("SELECT text, quality FROM translations WHERE quality <> '{}'"))
    assert stored == {"p1 anders": '{"q":0.5}', "p2 de": '{"q":0.25}'}
    assert before is None
    assert arms_summary(store).texts == {"main": 1, "roundtrip": 1, "translators": 1}
    digest = arms_summary(store).digest
    put_arms(found, store)
    assert arms_summary(store).digest == digest
    put_arms(
        read(tmp_path, prompts, text.replace("0.25", "0.3"), "roundtrip", "translators"), store
    )
    assert arms_summary(store).digest != digest


def test_given_answers_are_stored_as_answers(tmp_path, prompts, store):
    found = read(tmp_path, prompts, back(), "backtranslate")
    check_arms(found, store, "en")
    put_arms(found, store)
    (row,) = store.rows(
        "SELECT text, language, model, sample FROM answers WHERE arm = 'backtranslate'"
    )
    assert row == ("an answer", "de", "vllm/a", 0)
    (given,) = found.given
    shown = given.item.translation  # the judge sees prompt and answer in the reference
    assert (shown.text, shown.language) == ("p1 en", "en")
    assert given.translation.language == "de"
    (stored,) = brought_answers(store)
    assert stored.key == given.answer.key_of(given.item)
    ((number, answer),) = Items(store, reference="en").answers(range(1, 9)[-4:])
    assert answer.item == given.item
    assert answer.response.key == stored.key
    Writer(store).verdict(number, 1)
    put_arms(found, store)  # once more, and what is there stays, judged as it is
    assert store.count("SELECT COUNT(*) FROM verdicts JOIN responses ON id = response") == 1
    assert list(brought_answers(store)) == [stored]


def test_an_answer_that_is_not_there_or_has_changed(tmp_path, prompts, store):
    found = read(tmp_path, prompts, back(key="other"), "backtranslate")
    with pytest.raises(InputErrors, match=r"texts.csv:2: .*has changed"):
        check_arms(found, store, "en")
    for run in (None, store):
        found = read(
            tmp_path, prompts, back("p1" if run is None else "p2", key="k"), "backtranslate"
        )
        with pytest.raises(
            InputErrors, match=r"no such answer yet" if run is None else "has changed"
        ):
            check_arms(found, run, "en")


@pytest.mark.parametrize(
    ("arm", "text", "other"),
    [
        ("backtranslate", back(), back(text="another")),
        (
            "roundtrip",
            "arm,id,language,text\nroundtrip,p1,de,x\n",
            "arm,id,language,text\nroundtrip,p1,de,y\n",
        ),
    ],
)
def test_a_text_is_not_replaced(tmp_path, prompts, store, *, arm, text, other):
    put_arms(read(tmp_path, prompts, text, arm), store)
    check_arms(read(tmp_path, prompts, text, arm), store, "en")
    with pytest.raises(InputErrors, match="holds another text"):
        check_arms(read(tmp_path, prompts, other, arm), store, "en")


def test_what_is_to_be_translated_are_answers_with_a_text(store):
    rows = list(to_translate(store, ABOUT, ("backtranslate", "reverse")))
    assert [(r.arm, r.id, r.language, r.answer) for r in rows] == [
        ("backtranslate", "p1", "de", "answer p1 de"),
        ("reverse", "p1", "de", "answer p1 en"),
        ("reverse", "p2", "de", "answer p2 en"),
    ]
    assert all(r.text == r.translator == "" for r in rows)


def test_what_is_translated_is_not_asked_for_again(tmp_path, prompts, store):
    put_arms(read(tmp_path, prompts, back(), "backtranslate"), store)
    assert list(to_translate(store, ABOUT, ("backtranslate",))) == []


def test_an_arm_that_is_named_needs_texts_in_the_files_or_in_the_run(tmp_path, prompts, store):
    found = read_arms(Config(arms=("roundtrip",)), prompts)
    for run in (None, store):
        with pytest.raises(InputErrors, match="--arms roundtrip: needs its texts"):
            check_arms(found, run, "en")
    text = "arm,id,language,text\nroundtrip,p1,de,p1 back\n"
    put_arms(read(tmp_path, prompts, text, "roundtrip"), store)
    check_arms(found, store, "en")


def test_an_arm_of_answers_needs_no_texts_yet(prompts):
    found = read_arms(Config(arms=("reverse",)), prompts)
    assert (found.lacking, bool(found)) == ((), False)


def test_a_prompt_without_a_text_in_a_language_has_no_arms_there(tmp_path, prompts, store):
    fewer = dataclasses.replace(
        prompts,
        translations=tuple(
            t for t in prompts.translations if (t.prompt, t.language) != ("p2", "de")
        ),
    )
    rows = (
        "roundtrip,p1,de,p1 back,mt\nroundtrip,p2,de,p2 back,mt\ntranslators,p2,de,p2 anders,mt\n"
    )
    found = read(
        tmp_path, fewer, f"arm,id,language,text,translator\n{rows}", "roundtrip", "translators"
    )
    assert [(t.prompt, t.arm) for t in found.asked] == [("p1", "roundtrip")]
    assert any("2 rows are about texts that the run has not" in note for note in found.notes)
    list(
        store.rows("UPDATE translations SET arm = 'gated' WHERE prompt = 'p2' AND language = 'de'")
    )
    todo = list(to_translate(store, ABOUT, ("backtranslate", "reverse")))
    assert [(r.arm, r.id, r.answer) for r in todo] == [
        ("backtranslate", "p1", "answer p1 de"), ("reverse", "p1", "answer p1 en"),
    ]  # fmt: skip
