from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from example.sets import KIWI, METRICX, ROUNDTRIP, TRANSLATORS, make_set
from safeglot.flow.translation import ratings_summary
from safeglot.flow.translation.page import gate_words, view_of, write_page
from safeglot.report.translation_set.html import render_translations
from safeglot.translate.choice.choice import Gate
from safeglot.translate.choice.ratings import Rating, RatingPlan, draw


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_set(tmp_path_factory.mktemp("sets") / "first", 80)


def data_of(html):
    found = re.search(r'<script type="application/json" id="answers-data">(.*?)</script>', html, re.DOTALL)  # fmt: skip
    return json.loads(found[1])


def test_the_counts_are_those_of_the_rows(folder):
    view, rows = view_of(folder), list(folder.read_translations())
    counted = Counter((r["language"], r["outcome"]) for r in rows)
    assert {(v.language.tag, name): n for v in view.languages for name, n in v.counts.items() if n} == counted  # fmt: skip
    assert min(sum(v.counts[name] for v in view.languages) for name in ("kept", "gated")) > 0
    assert view.n_prompts == 80
    kept = Counter((r["language"], r["translator"]) for r in rows if r["outcome"] == "kept")
    assert {(v.language.tag, t): n for v in view.languages for t, n in v.chosen.items() if n} == kept  # fmt: skip
    candidates = list(folder.read_candidates())
    for one in view.languages:
        own = [c for c in candidates if c.language == one.language.tag]
        assert sum(one.asked.values()) == len(own)
        assert sum(one.passed.values()) == sum(c.passed for c in own)
        told = sum((Counter(by) for by in one.refused.values()), Counter())
        assert told == Counter(n for c in own for n in (c.faults or (["no text"] if c.broken else [])))  # fmt: skip


def test_means_are_of_the_kept_texts_and_histograms_of_all_chosen_ones(folder):
    view, rows = view_of(folder), list(folder.read_translations())
    for one in view.languages:
        for name in (ROUNDTRIP, METRICX, KIWI):
            values = {
                end: [r["quality"][name] for r in rows if r["language"] == one.language.tag and r["outcome"] == end and name in r["quality"]]
                for end in ("kept", "gated")
            }  # fmt: skip
            if name == KIWI and one.language.tag == "yo":
                assert name not in one.quality
                assert name not in one.shape
                continue
            assert one.quality[name].mean == pytest.approx(sum(values["kept"]) / len(values["kept"]))  # fmt: skip
            assert (sum(one.shape[name].kept), sum(one.shape[name].gated)) == (len(values["kept"]), len(values["gated"]))  # fmt: skip


def test_gated_texts_are_counted_by_the_thresholds_that_they_miss(folder):
    yo = next(v for v in view_of(folder).languages if v.language.tag == "yo")
    gated = [r for r in folder.read_translations() if (r["language"], r["outcome"]) == ("yo", "gated")]  # fmt: skip
    assert yo.bounds == {ROUNDTRIP: 0.4}
    assert yo.gated_by == {ROUNDTRIP: len(gated)}
    assert all(r["quality"][ROUNDTRIP] < 0.4 for r in gated)


def test_a_text_that_was_brought_is_not_counted_as_gated_by_a_round_trip(tmp_path):
    folder = make_set(tmp_path / "set", 40, ("yo",))
    before = view_of(folder).languages[0].gated_by[ROUNDTRIP]
    rows = list(folder.read_translations())
    brought = [{**r, "translator": "human=yo.csv"} for r in rows]
    folder.write_rows(list(folder.read_candidates()), brought, ranks=[])
    assert (before > 0, view_of(folder).languages[0].gated_by[ROUNDTRIP]) == (True, 0)


def test_failed_texts_are_counted_by_the_checks_of_their_candidates(folder):
    failed = {(r["id"], r["language"]) for r in folder.read_translations() if r["outcome"] == "failed"}  # fmt: skip
    assert failed
    found: dict[str, Counter[str]] = {}
    for place in failed:
        own = [c for c in folder.read_candidates() if (c.prompt, c.language) == place]
        checks = {n for c in own for n in (c.faults or ["no text"])}
        found.setdefault(place[1], Counter()).update(checks)
    for one in view_of(folder).languages:
        assert dict(one.failed_by) == dict(found.get(one.language.tag, {}))


def test_a_part_of_the_rows_is_whole_prompts_nested_and_told(folder):
    few, more, whole = (view_of(folder, rows=n) for n in (50, 100, 2000))
    ids = [{row.prompt_id for row in view.rows} for view in (few, more, whole)]
    assert [len(i) for i in ids] == [10, 20, 80]
    assert ids[0] < ids[1] < ids[2]
    assert [len(v.rows) for v in (few, more)] == [50, 100]
    assert few.languages == whole.languages
    html = render_translations(few)
    assert "holds 50 of 400 texts: 10 of 80 prompts" in html
    assert "fair sample" in html
    assert "holds all 400 texts" in render_translations(whole)


def test_every_candidate_of_a_row_is_there_with_its_estimates_and_faults(folder):
    html = render_translations(view_of(folder))
    rows, candidates = data_of(html)["rows"], list(folder.read_candidates())
    assert sum(len(row["candidates"]) for row in rows) == len(candidates)
    by_place = {(c.prompt, c.language, c.translator): c for c in candidates}
    for row in rows:
        for c in row["candidates"]:
            one = by_place[row["id"], row["language"], c["translator"]]
            assert (c["text"], c.get("quality", {}), c.get("rank")) == (one.text, dict(one.quality), one.rank)  # fmt: skip
            assert c.get("faults", {}) == dict(one.faults)


def test_texts_stand_nowhere_but_in_the_data(folder):
    html = render_translations(view_of(folder))
    data = re.search(r'id="answers-data">(.*?)</script>', html, re.DOTALL)[1]
    outside = html.replace(data, "")
    assert "[request" not in outside
    assert "I cannot help" not in outside
    assert "identified as English" not in outside
    assert "<b>&" not in data
    assert "</script" not in data


def test_the_same_set_gives_the_same_page_and_no_address_of_the_network(folder):
    html = render_translations(view_of(folder))
    assert html == render_translations(view_of(folder))
    assert "http" not in re.sub(r'id="answers-data">.*?</script>', "", html, flags=re.DOTALL).replace("http-equiv", "")  # fmt: skip
    assert write_page(folder).read_text("utf-8") == html


def test_the_page_tells_the_settings(folder):
    html = render_translations(view_of(folder))
    about = folder.read_manifest()
    for part in (*TRANSLATORS, about.digest, "a proxy", "XLM-R was not trained on Yoruba", "not covered"):  # fmt: skip
        assert part in html
    assert gate_words(about.gate, about.languages) in html
    assert "yo, roundtrip-chrf: 0.4" in html
    assert all(dict(view_of(folder).settings).values())
    assert "prompts, revision" not in html


def test_a_set_without_estimators_or_gate_has_a_page(tmp_path):
    made = make_set(tmp_path / "plain", 8, ("es",), gate=Gate(threshold=None), scales={})
    html = render_translations(view_of(made))
    assert "No estimator was asked" in html
    assert "8 prompts in English, translated into Spanish by 3 translators." in html


def test_a_set_that_keeps_nothing_says_so(tmp_path):
    made = make_set(tmp_path / "none", 12, ("es", "sw"), gate=Gate(threshold=1.0))
    html = render_translations(view_of(made))
    assert "Nothing is kept in Spanish" in html
    assert "0 of 24 texts are kept (0.0%)" in html


def test_ratings_are_on_the_page(tmp_path):
    made = make_set(tmp_path / "rated", 60, ("es", "sw"))
    assert "No person has rated" in render_translations(view_of(made))
    drawn, shown = draw(ratings_summary.chosen_texts(made), RatingPlan(texts=20), of=made.read_manifest().digest)  # fmt: skip
    good = {one.item: 1 + round(4 * shown[one.item].quality[ROUNDTRIP]) for one in drawn}
    ratings_summary.write_drawn(
        made,
        [
            replace(one, ratings={"1": Rating(adequacy=good[one.item])})
            for one in drawn
        ],
    )  # fmt: skip
    view = view_of(made)
    assert [(r.language, r.outcome, r.adequacy.n) for r in view.rated] == [("es", "kept", 20), ("sw", "kept", 20)]  # fmt: skip
    html = render_translations(view)
    assert "People find the meaning kept" in html
    assert "Human" in html
    assert "the mapping is ours" in html
    assert view.rated[0].correlation[ROUNDTRIP].number > 0.8
