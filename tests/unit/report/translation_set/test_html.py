from __future__ import annotations

import re

from safeglot.report.environment import file_text
from safeglot.report.translation_set.html import (
    MOST,
    SECTIONS,
    findings,
    lead,
    limits,
    render_translations,
)
from safeglot.report.translation_set.view import EstimatorView
from unit.report.page_text import text_of
from unit.report.translation_set.views import CHRF, KIWI, language, rated, view

HARD = "What is kept may be the easier part"


def test_the_page_has_the_sections_of_the_list():
    html = render_translations(view())
    ids = [section.id for section in SECTIONS]
    assert re.findall(r'<section id="(\w+)">', html) == ids
    assert re.findall(r'href="#(\w+)"', re.search(r"<nav.*?</nav>", html, re.DOTALL)[0]) == ids
    assert all(file_text(section.template).count("</section>") == 1 for section in SECTIONS)


def test_the_same_view_gives_the_same_bytes_and_text_stays_text():
    hostile = view(title="</script><img src=x>")
    assert render_translations(hostile) == render_translations(hostile)
    assert "<img" not in render_translations(hostile)
    assert "&lt;img" in render_translations(hostile)


def test_the_lead_counts_prompts_languages_and_translators():
    assert lead(view()) == "100 prompts in English, translated into Swahili by 1 translator."
    many = view(
        n_prompts=1, languages=(language(), language("yo", "Yoruba")), translators=("a", "b")
    )
    assert lead(many) == "1 prompt in English, translated into 2 languages by 2 translators."


def test_the_findings_count_what_is_kept():
    assert list(findings(view())) == ["70 of 100 texts are kept (70.0%), 20 are gated, 10 failed."]
    nothing = view(languages=(language(kept=0, gated=0, failed=0),))
    assert list(findings(nothing)) == ["0 of 0 texts are kept, 0 are gated, 0 failed."]


def test_the_languages_at_both_ends_are_named_where_they_differ():
    both = (language(), language("yo", "Yoruba", kept=41, gated=50, failed=9))
    assert "The share that is kept goes from 41.0% (Yoruba) to 70.0% (Swahili)." in findings(
        view(languages=both)
    )
    same = (language(), language("yo", "Yoruba"))
    assert len(list(findings(view(languages=same)))) == 1


def test_what_people_say_is_named_for_a_few_languages():
    tags = [f"l{i}" for i in range(MOST + 2)]
    many = view(
        languages=tuple(language(tag, tag.upper()) for tag in tags),
        rated=(*(rated(tag) for tag in tags), rated("l0", "gated")),
    )
    (sentence,) = [text for text in findings(many) if text.startswith("People")]
    assert "L0 90.0% (74.0–97.0%), n\xa0=\xa030; L1 " in sentence
    assert sentence.endswith("; 2 more languages below.")
    assert "L6" not in sentence


def test_the_limits_say_what_the_numbers_rest_on():
    assert [text.partition(",")[0] for text in limits(view(notes=("A note.",)))] == [
        "A note.",
        HARD + " of the prompts",
        "No person has rated these translations.",
    ]
    assert any("No estimator was asked" in text for text in limits(view(estimators=())))
    proxies = "Every estimate here is a proxy (roundtrip-chrf)"
    assert any(text.startswith(proxies) for text in limits(view(estimators=(CHRF,))))
    assert not any(text.startswith("Every") for text in limits(view(estimators=(CHRF, KIWI))))


def test_a_language_without_a_kept_text_is_named():
    whole = view(
        languages=(language(kept=0, gated=100, failed=0),),
        estimators=(EstimatorView(name="kiwi", worst=0.0, best=1.0, proxy=False),),
        rated=(rated(),),
    )
    assert next(limits(whole)) == "Nothing is kept in Swahili: a run cannot ask in it."
    kept = view(languages=(language(kept=100, gated=0, failed=0),), rated=(rated(),))
    assert list(limits(kept)) == []


def test_settings_and_digest_stand_in_the_page():
    text = text_of(render_translations(view(settings={"gate": "0.5"}, versions={"safeglot": "0"})))
    for part in ("abc123", "gate 0.5", "safeglot 0"):
        assert part in text
