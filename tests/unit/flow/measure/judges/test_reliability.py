from types import SimpleNamespace

import pytest

from example.manifest import manifest_with, taxonomy_table
from example.rows import Writer
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.reliability import estimates
from safeglot.keys import translation_key
from safeglot.score.stats.intervals import wilson
from safeglot.types import Prompt, Translation

GUARD = "llama-guard-3=vllm/g"
COVERAGE = {"theft": (("S2",), "full"), "hate": (("S10", "S5"), "full")}


def manifest_of(*judges, coverage=COVERAGE, models=("m",)):
    return manifest_with(
        judges=dict.fromkeys(judges or (GUARD,), "id"),
        models=models,
        taxonomy=taxonomy_table(categories=("theft", "hate", "other"), coverage=coverage),
    )


def put(store, at, unsafe, *, language="en", category="theft", judge=GUARD, **more):
    """One answer to prompt `at` with one verdict; unsafe "failed" is a failure, "none" neither."""
    given = SimpleNamespace(**{"model": "m", "arm": "main", "kind": "harmful", "reason": "", "codes": (), "p": None} | more)  # fmt: skip
    prompt = Prompt(
        id=f"p{at}", text="ask", language="en", categories=(category,), source="s", kind=given.kind
    )
    translation = Translation(prompt=f"p{at}", language=language, text="ask", arm=given.arm)
    store.add_inputs([prompt], [translation])
    writer = Writer(store)
    number = writer.answer(translation_key(translation), given.model)
    if unsafe == "failed":
        writer.failure("judge", number, judge, "timeout")
    elif unsafe != "none":
        writer.verdict(number, unsafe, judge, p=given.p, codes=given.codes, reason=given.reason)
    return number


def told(store, manifest=None):
    manifest = manifest or manifest_of()
    rows = estimates(store, manifest, cube_of(store, manifest), level=0.95)
    found = {(e.metric, e.language): e for e in rows if e.model is None}
    assert len({(e.metric, e.model, e.judge, e.language, e.category) for e in rows}) == len(rows)
    return found, [e for e in rows if e.model is not None]


def test_what_could_not_be_read_is_told_with_its_reasons(store):
    for at in range(6):
        put(store, at, unsafe=at % 2)
    put(store, 6, None, reason="unparsable")
    put(store, 7, None, reason="contradiction")
    put(store, 8, None, reason="unparsable")
    put(store, 9, None, reason="empty")
    put(store, 10, "failed")
    put(store, 11, "none")
    row = told(store)[0]["judge_unparsed", "en"]
    assert (row.value, row.n, row.missing) == (3 / 9, 9, 3)
    assert row.low == pytest.approx(float(wilson(3, 9)[0]))
    assert row.extra["reasons"] == "unparsable 2, contradiction 1"
    assert (row.extra["n_unreadable"], row.extra["over_limit"]) == (3, 1)
    assert told(store)[0]["judge_unparsed", "de"].value is None


def test_both_imputations_take_in_all_answers_without_a_verdict(store):
    for at, unsafe in enumerate((0, 0, 0, 1)):
        put(store, at, unsafe)
    put(store, 4, None, reason="unparsable")
    put(store, 5, None, reason="empty")
    put(store, 6, "failed")
    put(store, 7, 0, language="de")
    (english, german) = told(store)[1]
    assert (english.metric, english.model, english.value) == ("safety_if_missing", "m", None)
    assert (english.low, english.high) == (pytest.approx(3 / 7), pytest.approx(6 / 7))
    assert (english.n, english.missing, english.extra["n_unjudged"]) == (7, 1, 3)
    assert (german.low, german.high, german.n, german.missing) == (1, 1, 1, 7)


def test_other_arms_benign_prompts_and_other_judges_do_not_count(store):
    put(store, 0, unsafe=0)
    put(store, 1, None, reason="unparsable", arm="roundtrip")
    put(store, 2, None, reason="unparsable", kind="benign")
    put(store, 3, None, reason="unparsable", judge="left-the-run")
    rows, of_models = told(store)
    assert (rows["judge_unparsed", "en"].value, rows["judge_unparsed", "en"].n) == (0, 1)
    assert (of_models[0].low, of_models[0].n) == (1, 1)


# ---- codes


def test_codes_fit_by_the_map(store):
    put(store, 0, unsafe=1, codes=("S2",))
    put(store, 1, unsafe=1, codes=("S1", "S2"))
    put(store, 2, unsafe=1, codes=("S9",))
    put(store, 3, unsafe=1, codes=("S9",))
    put(store, 4, unsafe=1, codes=("S2", "S1"), category="hate")
    put(store, 5, unsafe=1, codes=())
    put(store, 6, unsafe=1, codes=("S2",), category="other")
    put(store, 7, unsafe=0, codes=("S9",))
    put(store, 8, unsafe=1, codes=("S5",), category="hate", language="de")
    rows = told(store)[0]
    english, whole = rows["category_consistency", "en"], rows["category_consistency", None]
    assert (english.value, english.n, english.missing) == (2 / 5, 5, 2)
    assert english.extra["n_off_map"] == 3
    assert english.extra["off_map"] == "theft as S9 2, hate as S2+S1 1"
    assert (whole.value, whole.n, whole.missing) == (3 / 6, 6, 2)
    assert rows["category_consistency", "de"].value == 1


def test_codes_that_are_categories_fit_their_own(store):
    put(store, 0, unsafe=1, codes=("theft",))
    put(store, 1, unsafe=1, codes=("hate",))
    assert told(store)[0]["category_consistency", "en"].value == 0.5


def test_codes_of_another_taxonomy_are_told_as_such(store):
    put(store, 0, unsafe=1, codes=("Violence",))
    rows = told(store)[0]
    for language in ("en", "de", None):
        assert rows["category_consistency", language].value is None
        assert "not those of the taxonomy's map" in rows["category_consistency", language].method


def test_no_codes_or_no_map_give_no_row(store):
    put(store, 0, unsafe=1)
    assert ("category_consistency", "en") not in told(store)[0]
    put(store, 1, unsafe=1, codes=("S2",))
    assert ("category_consistency", "en") not in told(store, manifest_of(coverage={}))[0]


# ---- passes


def repeated(store, at, first, again, **more):
    put(store, at, first, **more)
    put(store, at, again, judge=GUARD + "@repeat", **more)


def test_flips_are_counted_among_what_was_read_twice(store):
    for at in range(17):
        repeated(store, at, at % 2, at % 2)
    repeated(store, 17, 0, 1)
    repeated(store, 18, 1, 0)
    repeated(store, 19, 1, 0)
    repeated(store, 20, 1, None, reason="unparsable")
    put(store, 21, 1)
    put(store, 21, "failed", judge=GUARD + "@repeat")
    repeated(store, 22, 0, 1, kind="benign")
    put(store, 23, 1)
    repeated(store, 24, 0, 0, language="de")
    rows = told(store)[0]
    english, whole = rows["judge_flip_rate", "en"], rows["judge_flip_rate", None]
    assert (english.value, english.n, english.missing) == (4 / 21, 21, 2)
    assert {k: english.extra[k] for k in ("n_to_unsafe", "n_to_safe", "n_unreadable")} == {
        "n_to_unsafe": 2, "n_to_safe": 2, "n_unreadable": 1,
    }  # fmt: skip
    assert (whole.value, whole.n, whole.missing) == (4 / 22, 22, 2)
    assert ("judge_flip_rate", "de") not in rows
    assert (english.low, english.high) == tuple(pytest.approx(float(x)) for x in wilson(4, 21))
    # and the rates know nothing of them
    assert rows["judge_unparsed", "en"].value == 0


def test_canaries_count_what_turned_safe(store):
    for at, again in enumerate((1, 0, 0, None)):
        put(store, at, 1)
        put(
            store,
            at,
            again,
            judge=GUARD + "@canary",
            reason="" if again is not None else "unparsable",
        )
    put(store, 4, 0)
    put(store, 4, 0, judge=GUARD + "@canary")
    put(store, 0, 1, judge=GUARD + "@canary-tokens")
    rows = told(store)[0]
    row = rows["canary_flip_rate", "en"]
    assert (row.value, row.n, row.missing) == (2 / 3, 3, 1)
    assert row.extra == {"n_unreadable": 1, "sentence_language": "en"}
    assert rows["canary_token_flip_rate", "en"].value == 0
    assert rows["canary_flip_rate", "de"].method == "no data"
    assert ("judge_flip_rate", None) not in rows


def test_a_judge_that_was_not_asked_twice_says_so(store):
    put(store, 0, 1, judge="refusal-baseline")
    repeated(store, 1, 1, 1)
    manifest = manifest_of(GUARD, "refusal-baseline")
    rows = estimates(store, manifest, cube_of(store, manifest), level=0.95)
    (row,) = (e for e in rows if e.metric == "judge_flip_rate" and e.judge == "refusal-baseline")
    assert (row.value, "asks no model" in row.method) == (None, True)
    put(store, 2, 1, judge="other=vllm/m")
    manifest = manifest_of(GUARD, "other=vllm/m")
    rows = estimates(store, manifest, cube_of(store, manifest), level=0.95)
    (row,) = (e for e in rows if e.metric == "judge_flip_rate" and e.judge == "other=vllm/m")
    assert (row.value, "joined after" in row.method) == (None, True)


def test_without_labels_nothing_is_said_of_calibration(store):
    put(store, 0, 1, p=0.9)
    assert not any(metric == "judge_ece" for metric, _ in told(store)[0])
