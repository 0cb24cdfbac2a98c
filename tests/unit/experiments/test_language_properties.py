"""Gaps on properties of languages: the package's table and files of users."""

import numpy as np
import pytest

from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.language_properties import language_properties, packaged
from safeglot.experiments.malert import published
from unit.experiments.made import column, estimate, run_in, write_estimates

TAGS = ("en", "de", "fr", "sw", "yo", "th")
GAPS = {"de": -0.02, "fr": -0.03, "sw": -0.10, "yo": -0.14, "th": -0.06}


@pytest.fixture
def path(tmp_path):
    path = run_in(tmp_path / "run", np.zeros((1, 1, 6, 4), dtype=int), languages=TAGS, scored=False)
    write_estimates(path, [estimate("gap", gap, language=tag) for tag, gap in GAPS.items()])
    return path


def written(tmp_path, text):
    file = tmp_path / "properties.csv"
    file.write_text(text, "utf-8")
    return file


def test_the_package_knows_classes_scripts_and_distances():
    known = packaged(("en", "sw", "th", "x-name"), "en")
    assert known.values["resource class (0 to 5)"] == {"en": 5, "sw": 2, "th": 3}
    assert known.values["non-Latin script"]["th"] == 1
    apart = known.values["branches not shared with en"]
    assert (apart["en"], apart["sw"], apart["th"]) == (0, 1, 1)
    assert 5 < known.values["1,000 km from en"]["sw"] < 9
    assert set(known.values["morphology other than in en"]) == {"en", "sw", "th"}
    assert known.families == {}, "of one language no family is known"
    assert packaged(("en", "sw"), "en").families == {"en": "indo1319", "sw": "atla1278"}
    assert "Glottolog 5.1 (CC BY 4.0)" in known.source
    assert len(packaged(("en", "de"), "x-name").values) == 2


def test_slopes_are_by_property_and_say_that_they_describe_only(path):
    slopes, left_out, together = language_properties([path])
    assert slopes.title.endswith("(descriptive only)")
    assert "with 5 languages nothing can be shown" in slopes.text
    assert column(slopes, "property") == [
        "resource class (0 to 5)",
        "non-Latin script",
        "branches not shared with en",
        "1,000 km from en",
        "morphology other than in en",
    ]
    assert column(slopes, "languages") == [5] * 5
    assert column(slopes, "gap per unit")[0] > 0  # less loss where there are more resources
    assert column(slopes, "gap per unit")[2] < 0  # more loss where less is shared
    assert column(left_out, "left out") == ["one language", "one family"] * 5
    assert column(together, "languages") == [5] * 10
    assert not any("no families" in note for note in slopes.notes)


def test_tokens_of_the_own_model_are_a_property_where_they_were_counted(path):
    rows = [estimate("gap", gap, language=tag) for tag, gap in GAPS.items()]
    premiums = {"de": 1.1, "fr": 1.2, "sw": 1.9, "yo": 2.8, "th": 1.5}
    tokens = [
        estimate("token_premium", value, language=tag, judge=None)
        for tag, value in premiums.items()
    ]
    write_estimates(path, [*rows, *tokens])
    slopes = language_properties([path])[0]
    at = column(slopes, "property").index("tokens for one of en")
    assert column(slopes, "Spearman")[at] == pytest.approx(-1)
    write_estimates(path, [*rows, *[estimate("token_premium", 1.5, language=t) for t in GAPS]])
    assert "tokens for one of en" not in column(language_properties([path])[0], "property")


def test_a_line_through_all_points_is_found(path, tmp_path):
    rows = "".join(f"{tag},{100 * gap:.0f}\n" for tag, gap in GAPS.items())
    slopes, left_out = language_properties(
        [path], properties=written(tmp_path, f"language,loss\n{rows}")
    )
    assert column(slopes, "gap per unit") == [pytest.approx(0.01)]
    assert column(slopes, "Spearman") == [pytest.approx(1)]
    lowest, highest = column(left_out, "lowest slope"), column(left_out, "highest slope")
    assert (lowest, highest) == ([pytest.approx(0.01)], [pytest.approx(0.01)])


def test_a_language_without_a_gap_is_named(path):
    rows = [estimate("gap", gap, language=tag) for tag, gap in GAPS.items()]
    write_estimates(path, [*rows[:-1], estimate("gap", None, language="th", n=0)])
    assert language_properties([path])[0].notes[0] == "m: no gap in th, left out."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("language\nde\n", "has no column of numbers"),
        ("language,size\nklingonese,1\n", "klingonese"),
        ("language,size\nde,1\nde,2\n", "de is given twice"),
        ("language,size\nde,much\n", "size is 'much'"),
        ("language,size\nit,1\n", "has none of the run's languages"),
    ],
)
def test_faults_of_a_file_are_named(path, tmp_path, text, said):
    with pytest.raises(InputErrors, match=said):
        language_properties([path], properties=written(tmp_path, text))


def test_a_run_of_one_language_has_no_gaps(tmp_path):
    path = run_in(tmp_path / "one", np.zeros((1, 1, 1, 4), dtype=int))
    with pytest.raises(UsageError, match="has one language"):
        language_properties([path])


def test_published_gaps_describe_four_languages_and_say_so():
    slopes, *_ = language_properties([], reference="m-alert")
    assert set(column(slopes, "property")) == {
        "resource class (0 to 5)", "branches not shared with en", "1,000 km from en", "morphology other than in en",
    }  # fmt: skip
    assert column(slopes, "languages")[:4] == [4, 4, 4, 3], (
        "of Italian too little morphology is known"
    )
    assert "with 4 languages nothing can be shown" in slopes.text
    assert any("are not paired by prompt" in note for note in slopes.notes)
    assert any("left out: non-Latin script)" in note for note in slopes.notes)
    first = slopes.rows[0]
    rates = published().whole["overall"][first[0].text]
    gap = {tag: (rates[tag] - rates["en"]) / 100 for tag in ("de", "es", "fr", "it")}
    # three languages of class 5 and one of class 4: a line through the mean of three and the fourth
    by_hand = (gap["de"] + gap["es"] + gap["fr"]) / 3 - gap["it"]
    assert first[2].value == pytest.approx(by_hand, abs=2e-4)


def test_properties_of_one_value_are_left_out_by_name(path, tmp_path):
    rows = "".join(f"{tag},{100 * gap:.0f},1\n" for tag, gap in GAPS.items())
    file = written(tmp_path, f"language,loss,same\n{rows}")
    slopes, _ = language_properties([path], properties=file)
    assert column(slopes, "property") == ["loss"]
    assert any("left out: same" in note for note in slopes.notes)
    alone = written(tmp_path, "language,same\n" + "".join(f"{tag},1\n" for tag in GAPS))
    assert language_properties([path], properties=alone)[0].rows[0][2].text.endswith("one value")
