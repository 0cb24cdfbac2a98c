import pytest

from safeglot.config import registry
from safeglot.judge.guards.caveats import UNCORRECTED, documented, notes


def lines(family, *languages):
    return notes(family, registry.judge_class(family), languages)


def test_a_language_that_the_makers_do_not_name_is_said():
    assert lines("llama-guard-3", "en", "de") == (UNCORRECTED,)
    outside, uncorrected = lines("llama-guard-4", "en", "sw", "zh-Hant", "pt-BR")
    assert outside.startswith("llama-guard-4 is not documented for sw, zh-Hant:")
    assert uncorrected == UNCORRECTED


def test_a_family_that_names_no_language_is_not_said_to_lack_any():
    assert lines("qwen3guard", "sw", "yo") == (UNCORRECTED,)


def test_what_a_family_says_of_itself_comes_first():
    caveat, uncorrected = lines("rubric", "sw")
    assert caveat.startswith("rubric asks a general chat model")
    assert uncorrected == UNCORRECTED
    (encoder,) = lines("refusal-encoder", "en", "de")
    assert "It over-reports" in encoder
    _, screening = lines("refusal-encoder", "en", "ja", "pt-BR")
    assert screening.startswith("In ja, pt-BR refusal-encoder is for screening only")
    (baseline,) = lines("refusal-baseline", "sw")
    assert "It over-reports" in baseline


@pytest.mark.parametrize("made", [object(), type("Other", (), {"languages": property(len)})])
def test_a_judge_of_another_package_may_say_nothing(made):
    assert documented(made) == ()
    assert notes("other", made, ["sw"]) == (UNCORRECTED,)
