"""Sentences on published averages, from invented ones."""

import pytest

from safeglot.report.exclusion.view import (
    AveragePair,
    ExclusionView,
    ModelAverages,
    examples,
    headline,
    limits,
)
from safeglot.report.page import NamedLanguage

NAMES = {"en": "English", "de": "German", "sw": "Swahili"}


def model(name, **rates):
    return ModelAverages(
        model=name,
        pairs=tuple(
            AveragePair(language=NamedLanguage(tag=tag, name=NAMES[tag]), whole=whole, rest=rest)
            for tag, (whole, rest) in rates.items()
        ),
    )


def view(*models):
    return ExclusionView(
        name="TABLE",
        source="made up",
        address="https://example.org/table",
        left_out=("crime_a", "crime_b"),
        n_categories=8,
        n_models=5,
        rounding=0.0001,
        models=models,
    )


GOES = model("goes", en=(0.90, 0.96), de=(0.94, 0.96), sw=(0.94, 0.96))
STAYS = model("stays", en=(0.80, 0.84), de=(0.86, 0.89), sw=(0.84, 0.87))
NEVER = model("never", en=(0.99, 0.99), de=(0.95, 0.96), sw=(0.995, 0.99))


def test_a_gap_is_the_mean_of_the_others_minus_the_reference():
    assert STAYS.gap == (pytest.approx(0.05), pytest.approx(0.04))
    assert STAYS.is_least == (True, True)
    assert GOES.is_least == (True, False), "a tie is not least"
    assert NEVER.is_least == (False, False)


def test_the_headline_counts_models():
    assert headline(view(GOES, STAYS, NEVER)) == (
        "By TABLE's published tables English is the least safe of 3 languages in 2 of 3 models. "
        "Without two of 8 categories it is in 1."
    )


def test_the_examples_are_where_it_goes_and_where_it_stays():
    assert examples(view(GOES, STAYS, NEVER)) == (
        (
            "goes: German and Swahili are 4.0 points safer than English, and 0.0 without crime_a and "
            "crime_b."
        ),
        "stays keeps 4.0 of 5.0 points.",
    )


def test_limits_say_what_is_not_there():
    told = limits(view(GOES, STAYS))
    assert any("without intervals" in text for text in told)
    assert any("after looking" in text for text in told)
    assert any(text.startswith("2 of the 5 models") for text in told)
    assert told[-1].endswith("(8 × overall − crime_a − crime_b) / 6.")
