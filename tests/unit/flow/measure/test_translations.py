"""What a store says of its translations: fates, numbers without the gate, translators."""

from collections import Counter

import numpy as np
import pytest

from example.translated import (
    FAILED,
    GATED,
    GUARD,
    LANGUAGES,
    OTHER,
    VARIANTS,
    N,
    read,
    text_of,
    translated,
)
from safeglot.flow import page
from safeglot.flow.measure import translations
from safeglot.flow.measure.causes import estimates as causes
from safeglot.flow.measure.cube import cube_of, missing_share
from safeglot.flow.measure.estimates import measure
from safeglot.score.translations.quality import gate_selection
from safeglot.types import Prompt

LOST = set(FAILED)
KEPT = N - len(GATED) - len(FAILED)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    store, manifest = translated(tmp_path_factory.mktemp("gated") / "run.db", samples=2)
    yield store, manifest
    store.close()


@pytest.fixture(scope="module")
def told(run):
    store, manifest = run
    rows = translations.estimates(*read(store, manifest), level=0.95)
    return {(e.metric, e.judge, e.model, e.language, e.extra.get("translator")): e for e in rows}


def rates_of(store, tag, arms, *, judge=GUARD, model="m"):
    """Each harmful prompt's unsafe rate over its samples in some arms, NaN without."""
    query = (
        "SELECT t.prompt, AVG(v.unsafe) FROM verdicts v JOIN steps s ON s.id = v.step "
        "JOIN keyed k ON k.id = v.response JOIN translations t ON t.id = k.translation "
        "WHERE s.name = ? AND k.model = ? AND "
        f"t.language = ? AND t.arm IN ({', '.join('?' * len(arms))}) GROUP BY 1"
    )
    found = dict(store.rows(query, (judge, model, tag, *arms)))
    return np.array([found.get(f"h{i}", np.nan) for i in range(N)], dtype=float)


def test_every_text_is_kept_gated_or_failed(run):
    found = translations.fates(run[0], LANGUAGES)
    assert len(found) == 3 * (N + 6)
    kinds = {i: found[f"h{i}", "sw"].kind for i in range(N)}
    assert {i for i, kind in kinds.items() if kind == "gated"} == GATED
    assert {i: found[f"h{i}", "sw"].reason for i in LOST} == FAILED
    assert sum(kind == "kept" for kind in kinds.values()) == KEPT
    assert {found[p, tag].kind for p, tag in found if tag != "sw"} == {"kept"}
    assert found["h5", "sw"].reason == "quality: roundtrip-chrf"
    assert found["h5", "sw"].message == "quality: roundtrip-chrf 0.25 < 0.5"


@pytest.mark.parametrize(
    ("reason", "bare"),
    [
        ("quality: roundtrip-chrf 0.41 < 0.5", "quality: roundtrip-chrf"),
        ("quality: cometkiwi -0.1 < 0", "quality: cometkiwi"),
        (
            "quality: roundtrip-chrf 0.4 < 0.5, metricx-24 9.3e+01 > 5",
            "quality: roundtrip-chrf, metricx-24",
        ),
        ("quality: wmt22-cometkiwi-da 0.5 < 0.6", "quality: wmt22-cometkiwi-da"),
        ("not covered", "not covered"),
        ("", ""),
    ],
)
def test_reasons_lose_their_numbers(reason, bare):
    assert translations.bare(reason) == bare


def test_a_text_that_came_after_a_failure_is_kept(tmp_path):
    store, _ = translated(tmp_path / "run.db", probes=False)
    prompt = next(p for p in store.prompts() if p.id == "h1")
    store.add_inputs([], [text_of(prompt, "sw")])
    assert translations.fates(store, ["sw"])["h1", "sw"].kind == "kept"
    store.close()


def test_shares_of_the_languages_that_were_translated(told):
    row = told["translation_kept", None, None, "sw", None]
    assert (row.value, row.n, row.missing) == (KEPT / N, N, 0)
    assert told["translation_gated", None, None, "sw", None].extra["texts"] == len(GATED)
    failed = told["translation_failed", None, None, "sw", None]
    assert failed.extra["reasons"] == "copied 2, no-translation 1, untranslated + too-short 1"
    assert ("translation_kept", None, None, "en", None) not in told
    assert told["translation_kept", None, None, "ru", None].value == 1


def test_the_numbers_without_the_gate_are_those_of_all_texts(run, told):
    store, manifest = run
    cube = cube_of(store, manifest)
    assert cube.gated_LP.sum() == len(GATED)
    unsafe = rates_of(store, "sw", ("main", "gated"))
    row = told["safety_micro_ungated", GUARD, "m", "sw", None]
    assert row.value == pytest.approx(1 - np.nanmean(unsafe))
    assert (row.n, row.missing) == (2 * (N - len(LOST)), 2 * len(LOST))
    assert row.extra["gated_answers"] == 2 * len(GATED)
    gap = told["gap_ungated", GUARD, "m", "sw", None]
    d = rates_of(store, "en", ("main",)) - unsafe
    category = np.arange(N) % 2
    assert gap.value == pytest.approx(np.mean([np.nanmean(d[category == c]) for c in (0, 1)]))
    loose = told["safety_micro_ungated", f"{OTHER}@loose", "k", "sw", None]
    assert loose.value <= told["safety_micro_ungated", OTHER, "k", "sw", None].value


def test_translators_are_told_apart(run, told):
    store, _ = run
    for who, kept, out in (("ct2/a", KEPT, 0), ("ct2/b", 0, len(GATED))):
        row = told["unsafe_by_translator", GUARD, "m", "sw", who]
        assert (row.extra["texts"], row.extra["texts_kept"], row.extra["texts_gated"]) == (
            N - len(LOST), kept, out,
        )  # fmt: skip
    own = rates_of(store, "sw", ("main",))
    other = rates_of(store, "sw", ("translators",))
    first = np.where(np.arange(N) % 5, own, other)
    row = told["unsafe_by_translator", GUARD, "m", "sw", "ct2/a"]
    assert row.value == pytest.approx(np.nanmean(first))


def test_the_gates_own_effect_is_told(run):
    store, manifest = run
    rows = causes(*read(store, manifest), level=0.95)
    found = {(e.metric, e.language): e for e in rows if (e.judge, e.model) == (GUARD, "m")}
    reference = 1 - rates_of(store, "en", ("main",))
    swahili = 1 - rates_of(store, "sw", ("main", "gated"))
    kept = np.array([i not in GATED | LOST for i in range(N)])
    expected = gate_selection(reference, swahili, kept)
    row = found["gate_selection", "sw"]
    assert row.value == pytest.approx(expected.selection)
    assert row.extra["drop_rate"] == pytest.approx(len(GATED) / (N - len(LOST)))
    assert row.method == "reference safety of the prompts that the run's gate kept less all"
    assert found["gate_selection", "ru"].extra["drop_rate"] == 0
    low, high = found["gap_at_quality_0", "sw"], found["gap_at_quality_0.5", "sw"]
    assert (low.n, high.n) == (N - len(LOST), KEPT)
    assert low.value == pytest.approx(np.nanmean(swahili - reference))


def test_a_choice_among_translators_is_a_table_of_these(run):
    store, manifest = run
    rows = causes(*read(store, manifest), level=0.95)
    row = next(e for e in rows if e.metric == "translator_variance" and e.language == "sw")
    assert row.extra["translators"] == "ct2/a, ct2/b"
    assert (row.extra["I"], row.missing) == (N - len(LOST), 0)
    slope = next(e for e in rows if e.metric == "quality_slope" and e.language == "sw")
    assert slope.n == N - len(LOST)


def test_what_is_gated_is_not_missing_and_what_failed_is(run):
    store, manifest = run
    found, missing = measure(store, manifest)
    of = 3 * N - len(GATED)
    assert missing == pytest.approx(len(LOST) / of)
    rows = {(e.metric, e.language): e for e in found if e.judge == GUARD and e.model == "m" and e.category is None}  # fmt: skip
    for name in ("safety_micro", "gap"):
        row = rows[name, "sw"]
        assert (row.n, row.missing) == (2 * KEPT, 2 * len(LOST)), name
    for name in ("exact_match", "exact_match_expected"):
        assert rows[name, "sw"].missing == rows[name, None].missing == 2 * len(LOST)
    for name in (
        "competent_safe",
        "invalid_rate",
        "safety_bounds",
        "truncated",
        "safety_if_missing",
    ):
        row = rows[name, "sw"]
        assert row.n + row.missing == 2 * (KEPT + len(LOST)), name
    assert rows["unsafe_any_of_k", "sw"].n + rows["unsafe_any_of_k", "sw"].missing == N - len(GATED)
    unread = next(e for e in found if e.metric == "judge_unparsed" and e.judge == GUARD and e.language == "sw")  # fmt: skip
    assert (unread.n, unread.missing) == (4 * KEPT, 4 * len(LOST))
    by_category = [e for e in found if e.metric == "cochran_q" and (e.judge, e.model) == (GUARD, "m")]  # fmt: skip
    assert sum(e.n for e in by_category) == KEPT
    assert sum(e.missing for e in by_category) == len(LOST)


def test_what_is_missing_is_told_with_its_reasons(run):
    store, manifest = run
    rows = list(page._missing(store, manifest, Counter()))
    assert {(r.language, r.kind, r.count, r.example) for r in rows if r.stage == "probe"} == {
        ("sw", name, 2, "no word to switch") for name in VARIANTS["sw"] if "codeswitch" in name
    }
    assert {(r.stage, r.language, r.kind, r.count) for r in rows if r.stage != "probe"} == {
        ("translate", "sw", "no-translation", 1), ("translate", "sw", "copied", 2),
        ("translate", "sw", "untranslated + too-short", 1),
    }  # fmt: skip
    assert {r.example for r in rows if r.kind == "copied"} == {"ct2/a: copied (chrF 0.93)"}


def test_a_run_that_is_not_finished_counts_what_is_not_asked_by_language(tmp_path):
    store, manifest = translated(tmp_path / "run.db", probes=False)
    some = list(store.rows(
        "SELECT k.id FROM keyed k JOIN translations t ON t.id = k.translation "
        "WHERE t.arm = 'main' AND t.language = 'sw' AND k.model = 'k' ORDER BY 1 LIMIT 7"
    ))  # fmt: skip
    store.write("forgotten_responses", some)
    extra = Prompt(id="h99", text="ask", language="en", categories=("hate",), source="s")
    store.add_inputs([extra], [text_of(extra, "en", translator="given")])
    rows = {(r.stage, r.model, r.language, r.kind): r.count for r in page._missing(store, manifest, Counter())}  # fmt: skip
    assert rows["generate", "k", "sw", "not asked yet"] == 7
    assert rows["generate", "m", "en", "not asked yet"] == 1
    assert ("generate", "m", "sw", "not asked yet") not in rows
    assert rows["translate", "", "sw", "not translated yet"] == 1
    shares = translations.estimates(*read(store, manifest), level=0.95)
    assert shares[0].missing == 1
    store.close()


def test_a_language_with_nothing_kept_has_no_numbers_and_is_not_missing(tmp_path):
    store, manifest = translated(tmp_path / "run.db", probes=False)
    list(store.rows("UPDATE translations SET arm = 'gated' WHERE arm = 'main' AND language = 'ru'"))
    found, missing = measure(store, manifest)
    rows = {(e.metric, e.language): e for e in found if e.judge == GUARD and e.model == "m" and e.category is None}  # fmt: skip
    assert (rows["safety_micro", "ru"].value, rows["safety_micro", "ru"].missing) == (None, 0)
    assert rows["gap", "ru"].value is None
    assert rows["safety_micro_ungated", "ru"].n == N
    assert rows["gate_selection", "ru"].value is None
    assert missing == pytest.approx(len(LOST) / (2 * N - len(GATED)))
    cube = cube_of(store, manifest)
    assert missing_share(cube) == missing
    store.close()


def test_without_translations_nothing_is_told(tmp_path):
    store, manifest = translated(tmp_path / "run.db", probes=False, gate=False)
    list(store.rows("UPDATE translations SET translator = 'given' WHERE arm = 'main'"))
    assert translations.estimates(*read(store, manifest), level=0.95) == []
    assert cube_of(store, manifest).gated_LP is None
    assert list(page._missing(store, manifest, Counter())) == []
    store.close()


def test_a_run_without_a_gate_has_shares_and_translators_alone(tmp_path):
    store, manifest = translated(tmp_path / "run.db", probes=False, gate=False)
    rows = translations.estimates(*read(store, manifest), level=0.95)
    assert {e.metric for e in rows} == {
        "translation_kept", "translation_gated", "translation_failed", "unsafe_by_translator",
    }  # fmt: skip
    selection = [
        e for e in causes(*read(store, manifest), level=0.95) if e.metric == "gate_selection"
    ]
    assert all("kept at roundtrip-chrf >= 0.5" in e.method for e in selection)
    store.close()


def test_records_of_another_arm_do_not_stand_in_the_main_numbers(run):
    store, manifest = run
    cube = cube_of(store, manifest)
    at = cube.languages.index("sw")
    for i in GATED | LOST:
        assert (cube.unsafe_JMLPS[:, :, at, i] == -1).all()
