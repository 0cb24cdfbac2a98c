from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.findings import findings, ranking_note
from safeglot.report.page import Index, NamedLanguage


def found(page):
    return findings(page, Index(page.estimates), page.run.judges[0])


def sentences(page):
    (finding,) = found(page)
    return [text.replace("\xa0", " ") for text in finding.sentences]


def gaps(*values):
    """A page whose other languages have these (gap, adjusted p)."""
    names = ("Swahili", "German", "Yoruba", "Zulu", "Welsh", "Igbo")
    languages = [NamedLanguage(tag=f"l{i}", name=name) for i, name in enumerate(names)]
    rows = [small.gap(f"l{i}", None, value, p) for i, (value, p) in enumerate(values)]
    basic = [e for e in small.estimates() if e.metric != "gap"]
    run = replace(small.page().run, languages=(small.page().run.languages[0], *languages))
    return small.page(run=run, estimates=[*basic, *rows])


def test_the_first_sentence_is_the_reference_with_interval_and_n():
    assert sentences(small.page())[0] == (
        "English: 97.5% labelled safe (macro-32, 95% interval 96.3–98.0%, n = 640)."
    )
    few = replace(small.average("safety_macro32", "en", 0.975), extra={"categories": 2, "of": 32})
    assert "(macro-32, 2 of 32 categories, 95%" in sentences(small.page(estimates=[few]))[0]


def test_what_belongs_to_the_rate_follows_it():
    page = full.page(*full.classes("en"), *full.over_refusal("en", refused=0.05))
    assert sentences(page)[1] == (
        "Beside it: 85.0% competent-safe (84.0–86.0%, n = 600) and 5.0% of the benign prompts "
        "refused (1.0–9.0%, n = 250)."
    )


def test_differences_are_told_the_widest_first_and_only_four_by_name():
    page = gaps((-0.02, 0.01), (-0.08, 0.01), (-0.05, 0.01), (-0.04, 0.01), (-0.03, 0.01))
    lower = sentences(page)[1]
    assert lower.startswith(
        "Lower in German (−8.0 points, −10.0 to −6.0, p = 0.010, n = 318 pairs)"
    )
    assert lower.endswith(" and 1 further language.")
    names = [lower.index(name) for name in ("German", "Yoruba", "Zulu", "Welsh")]
    assert names == sorted(names)
    assert "Swahili" not in lower


def test_no_evidence_is_not_evidence_of_none():
    text = sentences(gaps((-0.02, 0.3), (0.04, 0.001), (0.01, 0.9)))
    assert text[1].startswith("Higher in German (+4.0 points")
    assert text[2] == (
        "No evidence of a difference for Swahili and Yoruba: that is not evidence that there is none; "
        "the data allow a drop of up to 1.0 to 4.0 pp (by language)."
    )


def test_the_drops_that_are_missed_or_allowed_are_named_with_their_span():
    page = gaps((-0.02, 0.3), (0.01, 0.9))
    drops = iter((0.0423, 0.0611))
    rows = [
        replace(e, extra={**e.extra, "mdd": next(drops)}) if e.metric == "gap" else e
        for e in page.estimates
    ]
    assert sentences(replace(page, estimates=rows))[1].endswith(
        "there is none; a true drop of 4.2 to 6.1 pp (by language) would be missed in 1 run of 5; "
        "the data allow a drop of up to 1.0 to 4.0 pp (by language)."
    )


def test_many_models_are_counted():
    models = tuple(f"m{i}" for i in range(4))
    page = small.page()
    rows = [
        replace(e, model=model, extra={**e.extra, "p_holm": p} if e.metric == "gap" else e.extra)
        for model, p in zip(models, (0.001, 0.001, 0.4, 0.4), strict=True)
        for e in page.estimates
    ]
    many = small.page(run=replace(page.run, models=models), estimates=rows)
    (finding,) = found(many)
    assert finding.model == ""
    text = " ".join(finding.sentences).replace("\xa0", " ")
    assert "Of 4 gaps to English (4 models), 2 are lower and 0 higher" in text
    assert "for 2 there is no evidence of a difference." in text
    assert "The largest of the lower ones by point estimate: m0 in Swahili, −8.4 points" in text


def test_many_models_without_a_test_say_so():
    models = tuple(f"m{i}" for i in range(4))
    page = small.page(run=replace(small.page().run, models=models), estimates=[])
    assert found(page)[0].sentences == ("No gap between languages could be tested.",)


def test_languages_are_not_ranked_where_there_are_several():
    assert ranking_note(small.page()).startswith("Languages are not ranked: each was tested only")
    run = replace(small.page().run, languages=small.page().run.languages[:1])
    assert ranking_note(small.page(run=run)) == ""
