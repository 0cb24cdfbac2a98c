import json
from importlib import resources

import pytest

from example.parallel import MULTIJAIL, needs_multijail, read
from safeglot.prompts.probes.alignment import learn
from safeglot.prompts.probes.base import parse, seed_of
from safeglot.prompts.probes.codeswitch import (
    Pair,
    by_clause,
    by_word,
    code_mixing_index,
    frequent_words,
)
from safeglot.prompts.probes.segments import clauses, words

MINI = [
    json.loads(line)
    for line in resources.files("safeglot.prompts")
    .joinpath("mini.jsonl")
    .read_text("utf-8")
    .splitlines()
]
FREQUENT = frequent_words(row["en"] for row in MINI)
WORD = parse("codeswitch=word")


def pair(reference, target, tag="de"):
    return Pair(reference=reference, target=target, reference_tag="en", target_tag=tag)


@pytest.fixture(scope="module")
def tables():
    return {
        tag: learn((row["en"], row[tag]) for row in MINI) for tag in ("de", "es", "fr", "it", "sw")
    }


def switched(rows, table, tag, **options):
    made, faults = [], []
    frequent = frequent_words(row["en"] for row in rows)
    for row in rows:
        seed = seed_of(1, str(row["id"]), WORD)
        one = pair(row["en"], row[tag], tag)
        variant = by_word(one, table, seed=seed, frequent=frequent, **options)
        (faults if variant.fault else made).append(variant)
    return made, faults


@pytest.mark.parametrize(
    ("labels", "index"),
    [
        (["en"] * 5 + ["hi"] * 6 + [""] * 2, 100 * (1 - 6 / 11)),
        (["en", "en", "en"], 0.0),
        (["en", "hi"], 50.0),
        (["", ""], 0.0),
        ([], 0.0),
        (["a", "b", "c"], 100 * 2 / 3),
    ],
)
def test_the_code_mixing_index(labels, index):
    assert code_mixing_index(labels) == pytest.approx(index)


def test_what_is_frequent_is_learned_from_the_texts():
    assert {"a", "the", "how", "i", "to"} <= FREQUENT
    assert not FREQUENT & {"police", "neighbour", "bank"}


@pytest.mark.parametrize("tag", ["de", "es", "fr", "it", "sw"])
def test_almost_every_bundled_prompt_is_switched_by_word(tables, tag):
    made, faults = switched(MINI, tables[tag], tag)
    assert len(made) >= 0.93 * len(MINI)
    assert all("no word has a counterpart that is sure" in v.fault for v in faults)
    share = sum(v.facts["share"] for v in made) / len(made)
    assert share == pytest.approx(0.3, abs=0.12)
    assert {v.text for v in made} & {row[tag] for row in MINI} == set()
    for variant in made:
        assert 0 < variant.facts["cmi"] <= 50
        assert (variant.facts["matrix"], variant.facts["embedded"]) == (tag, "en")
        assert variant.facts["level"] == "word"


def test_a_third_is_less_than_two_thirds(tables):
    few, _ = switched(MINI, tables["de"], "de", share=0.15)
    many, _ = switched(MINI, tables["de"], "de", share=0.6)
    index = [sum(v.facts["cmi"] for v in made) / len(made) for made in (few, many)]
    assert index[0] < 20
    assert index[1] > 38


def test_the_other_order_has_the_reference_language_as_its_matrix(tables):
    row = MINI[0]
    one = pair(row["en"], row["de"])
    variant = by_word(one, tables["de"], seed=3, frequent=FREQUENT, into_reference=True)
    assert (variant.facts["matrix"], variant.facts["embedded"]) == ("en", "de")
    kept = {w.of(row["en"]) for w in words(row["en"])} & {
        w.of(variant.text) for w in words(variant.text)
    }
    assert len(kept) > len(words(row["en"])) / 2


def test_no_words_are_sought_where_no_spaces_part_them(tables):
    for tag, name in (
        ("th", "Thai"),
        ("zh", "Han"),
        ("ja", "Japanese"),
        ("lo", "Lao"),
        ("my", "Myanmar"),
    ):
        variant = by_word(pair("How do I?", "x", tag), tables["de"], seed=1)
        assert variant.fault == f"no word boundaries in {name} script; use codeswitch=clause"


def test_clauses_are_swapped_whole():
    reference = "I lost my key, and the door is locked; how can I get in?"
    target = "Ich habe meinen Schlüssel verloren, und die Tür ist zu; wie komme ich hinein?"
    variant = by_clause(pair(reference, target), seed=2)
    english = {span.of(reference) for span in clauses(reference)}
    parts = [span.of(variant.text) for span in clauses(variant.text)]
    assert sum(part in english or part[0].lower() + part[1:] in english for part in parts) == 1
    assert variant.facts["level"] == "clause"
    assert variant.facts["share"] == pytest.approx(1 / 3, abs=1e-4)


def test_the_marks_stay_those_of_the_matrix():
    variant = by_clause(pair("Listen, who are you?", "اسمع، من أنت؟", "ar"), seed=1)
    assert variant.text in ("Listen، من أنت؟", "اسمع، who are you؟")
    variant = by_clause(pair("Listen, who are you?", "听着，你是谁？", "zh"), seed=1)
    assert variant.text in ("Listen，你是谁？", "听着，who are you？")
    assert variant.facts["cmi_unit"] == "letter"


def test_the_same_clause_is_swapped_in_every_language():
    texts = {
        "de": "Hör zu, mein Freund, und sag mir, wer du bist.",
        "fr": "Écoute, mon ami, et dis-moi, qui tu es.",
        "ar": "اسمع، يا صديقي، وقل لي، من أنت.",
    }
    reference = "Listen, my friend, and tell me, who you are."
    for seed in range(20):
        places = set()
        for tag, target in texts.items():
            variant = by_clause(pair(reference, target, tag), seed=seed)
            old = [span.of(target) for span in clauses(target)]
            new = [span.of(variant.text) for span in clauses(variant.text)]
            places.add(tuple(a == b for a, b in zip(old, new, strict=True)))
        assert len(places) == 1


def test_sentences_where_clauses_do_not_answer_each_other():
    reference = "It rained. I stayed at home, because I was ill."
    target = "Es regnete. Ich blieb zu Hause weil ich krank war."
    variant = by_clause(pair(reference, target), seed=0)
    assert variant.facts["level"] == "sentence"


def test_clauses_of_very_different_length_do_not_answer_each_other():
    reference = "No, I would rather stay at home with you and the children tonight."
    target = "Ich würde heute Abend lieber mit dir und den Kindern zu Hause bleiben, nein."
    assert "no clauses that answer each other" in by_clause(pair(reference, target), seed=0).fault


def test_one_clause_cannot_be_swapped_for_itself():
    fault = by_clause(pair("Who are you?", "Wer bist du?"), seed=0).fault
    assert fault == (
        "no clauses that answer each other (clauses: 1 against 1 in the reference language; "
        "sentences: 1 against 1 in the reference language)"
    )
    same = pair("OK", "OK")
    assert "nothing to switch to" in by_clause(same, seed=0).fault
    assert "nothing to switch to" in by_word(same, learn([]), seed=0).fault


def test_a_beginning_or_an_end_with_a_table(tables):
    stretches = [
        (row, by_clause(pair(row["en"], row["es"], "es"), seed=i, table=tables["es"]))
        for i, row in enumerate(MINI)
    ]
    made = [(row, v) for row, v in stretches if v.facts.get("level") == "stretch"]
    assert len(made) > 0.2 * len(MINI)
    for row, variant in made:
        old = [w.of(row["es"]).casefold() for w in words(row["es"])]
        new = [w.of(variant.text).casefold() for w in words(variant.text)]
        assert new[-1] == old[-1] or new[0] == old[0]
        assert variant.facts["swapped"] == 1
        assert 0.05 <= variant.facts["share"] <= 0.55


def test_a_sentence_begins_with_a_capital_and_goes_on_without(tables):
    made, _ = switched(MINI, tables["es"], "es")
    texts = [v.text for v in made]
    assert any(text.startswith("Tell ") for text in texts)
    inside = [w.of(text) for text in texts for w in words(text)[1:]]
    assert "How" not in [w for w in inside[1:] if w == "Write"]
    assert "Write" not in [w.of(text) for text in texts for w in words(text) if w.start > 1]


@needs_multijail
def test_the_shares_of_multijail(capsys):
    """As test_almost_every_bundled_prompt_is_switched_by_word has it of our own prompts."""
    rows = read(MULTIJAIL)
    least = {"it": 0.95, "vi": 0.83, "ar": 0.88, "bn": 0.92, "sw": 0.87, "jv": 0.63, "ko": 0.38}
    lines = []
    for tag, wanted in least.items():
        table = learn((row["en"], row[tag]) for row in rows)
        made, _ = switched(rows, table, tag)
        mean = {k: sum(v.facts[k] for v in made) / len(made) for k in ("share", "cmi")}
        lines.append(f"{tag} {len(made) / 315:.2f} {mean['share']:.2f} {mean['cmi']:.1f}")
        assert len(made) >= wanted * len(rows)
        assert len({v.text for v in made} & {row[tag] for row in rows}) == 0
    with capsys.disabled():
        print("\nlanguage, switched by word, share, code-mixing index\n" + "\n".join(lines))
