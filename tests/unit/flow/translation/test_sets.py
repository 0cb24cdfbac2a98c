from __future__ import annotations

import pytest

from safeglot.backends.console import Console
from safeglot.cli.translate import summary
from safeglot.errors import InputErrors, TooMuchMissing, UsageError
from safeglot.flow.translation.sets import check_failed, make, plan
from unit.flow.translation.plans import GERMAN, configured, loaded, texts_file
from unit.report.page_text import text_of

QUIET = Console(quiet=True)


def planned(tmp_path, texts=None, **more):
    config = configured(tmp_path, texts, **more)
    return plan(config, *loaded(config))


def test_a_set_holds_the_texts_of_its_translator(tmp_path):
    folder = make(planned(tmp_path), QUIET)
    rows = {row["id"]: row for row in folder.read_translations()}
    assert {key: row["text"] for key, row in rows.items()} == GERMAN
    assert {(row["outcome"], row["translator"]) for row in rows.values()} == {
        ("kept", "human=human.jsonl")
    }
    about = folder.require().read_manifest()
    assert about.counts["de"]["kept"] == len(GERMAN)
    assert about.translators["human=human.jsonl"].startswith("human=human.jsonl@")
    assert folder.page.read_text("utf-8").startswith("<!doctype html>")


def test_where_nothing_ranks_the_order_of_the_translators_chooses_and_the_set_says_so(tmp_path):
    first = texts_file(tmp_path / "first.jsonl")
    second = texts_file(tmp_path / "second.jsonl", {k: f"{v} Danke." for k, v in GERMAN.items()})
    for order in ([first, second], [second, first]):
        folder = make(
            planned(
                tmp_path,
                translator=[f"file={path}" for path in order],
                translations=str(tmp_path / order[0].stem),
            ),
            QUIET,
        )
        kept = [r for r in folder.read_translations() if r["outcome"] == "kept"]
        assert {r["translator"] for r in kept} == {f"file={order[0].name}"}
        assert folder.read_manifest().by_order == ("de",)
        assert "the first text that passed" in folder.page.read_text("utf-8")
    assert make(planned(tmp_path), QUIET).read_manifest().by_order == ()


def test_the_encoder_gates_texts_of_other_prompts_whoever_brought_them(tmp_path):
    first, *others = GERMAN
    moved = GERMAN | {first: GERMAN[others[0]]}
    folder = make(planned(tmp_path, moved, quality="encoder-cosine"), QUIET)
    rows = {row["id"]: row for row in folder.read_translations()}
    assert [key for key, row in rows.items() if row["outcome"] != "kept"] == [first]
    assert rows[first]["reason"].startswith("quality: encoder-cosine 0.")
    assert rows[first]["reason"].endswith(" < 0.4")
    table = folder.read_manifest().estimators["encoder-cosine"]
    assert (table.thresholds, table.untested, table.proxy) == ({"de": 0.4}, ("de",), True)
    html = folder.page.read_text("utf-8")
    page = text_of(html)
    assert "Its threshold is untested in German." in page
    assert "threshold 0.4, untested" in page
    assert '<span class="pill">screening</span>' in html
    told = "encoder-cosine screens meaning and ranks no translators; its thresholds: de 0.4 (untested)."
    assert told in summary(folder, width=200)


def test_a_finished_set_is_left_as_it_is(tmp_path):
    before = make(planned(tmp_path), QUIET).manifest.read_bytes()
    assert make(planned(tmp_path), QUIET).manifest.read_bytes() == before


def test_other_inputs_under_the_same_name_are_refused(tmp_path):
    make(planned(tmp_path), QUIET)
    with pytest.raises(UsageError, match=r"holds a translation set of other inputs\. gate: there"):
        make(planned(tmp_path, gate="0.9"), QUIET)
    with pytest.raises(UsageError, match=r"prompts: there .* give another folder"):
        make(planned(tmp_path, limit=2), QUIET, again=True)
    folder = make(planned(tmp_path, gate="none"), QUIET, again=True)
    assert folder.read_manifest().identity["gate"] == "none"


def test_what_has_no_text_failed_and_is_never_english(tmp_path):
    lacking, *others = GERMAN
    texts = {key: GERMAN[key] for key in others}
    folder = make(planned(tmp_path, texts), QUIET)
    row = next(row for row in folder.read_translations() if row["id"] == lacking)
    assert (row["outcome"], row["text"]) == ("failed", "")
    share = 1 / len(GERMAN)
    check_failed(folder, share)
    with pytest.raises(TooMuchMissing, match=f"of de {share:.1%} of the prompts"):
        check_failed(folder, share / 2)


def test_all_that_is_wrong_with_a_plan_is_told_at_once(tmp_path):
    with pytest.raises(InputErrors) as error:
        planned(tmp_path, to=["en"], gate="2", translator=[])
    told = "\n".join(error.value.problems)
    assert "--with: empty" in told
    assert "--to: en is there already" in told
    assert "--gate: got 2" in told
    assert len(error.value.problems) == 3


def test_a_language_that_nobody_reaches_is_told_with_the_reason(tmp_path):
    with pytest.raises(
        InputErrors,
        match=r"no translator reaches sw \(Swahili\) from en\. human=human\.jsonl: it has no sw",
    ):
        planned(tmp_path, to=["de", "sw"])


def test_sources_go_prompt_by_prompt(tmp_path):
    texts = dict(list(GERMAN.items())[:2])
    sources = list(planned(tmp_path, texts).sources())
    assert [source.prompt for source in sources] == list(GERMAN)
    assert {(source.language, source.target) for source in sources} == {("en", "de")}
