"""Covariates of the models' file in the fit of safety on size; the models are invented."""

import numpy as np
import pytest

from safeglot.errors import InputErrors
from safeglot.experiments.field import Asked
from safeglot.experiments.model_trends import model_size
from unit.experiments.made import column, run_in

SIZES, FAMILIES = (1, 3, 8, 30), "xyz"
NAMES = [f"{family}-{size}b" for family in FAMILIES for size in SIZES]
UNSAFE = (20, 16, 9, 6, 30, 24, 20, 11, 14, 9, 8, 4)
HEAD = "model,family,params_b,instruct"


def table_of(tmp_path, *columns, languages=("en",), facts=None):
    unsafe = (np.arange(60) < np.array(UNSAFE)[:, None]).astype(int)[None, :, None, :]
    path = run_in(
        tmp_path / "run",
        np.repeat(unsafe, len(languages), axis=2),
        models=NAMES,
        languages=languages,
    )
    file = tmp_path / "models.csv"
    rows = [
        ",".join(map(str, (name, name[0], name[2:-1], "true", *(c[i] for c in columns[1:]))))
        for i, name in enumerate(NAMES)
    ]
    file.write_text("\n".join([",".join([HEAD, *columns[:1]]), *rows]), "utf-8")
    return next(
        t for t in model_size([path], Asked(), facts=file) if t.title.startswith("Size and what")
    )


def lines(table):
    terms = zip(column(table, "models"), column(table, "term"), strict=True)
    return dict(zip(terms, table.rows, strict=True))


def test_without_covariates_size_stands_alone_and_the_columns_are_named(tmp_path):
    table = table_of(tmp_path)
    found = lines(table)
    assert found["instruct", "log10 size, alone"][2].value > 0
    assert found["base", "log10 size, alone"][2].text == "no family has two models"
    assert not any("held" in term for _, term in found)
    assert "columns training_tokens_b, release_year, alignment" in table.notes[-1]


def test_covariates_that_differ_within_families_are_held(tmp_path):
    tokens = (9, 2, 15, 4, 3, 12, 2, 8, 15, 1, 6, 7)
    alignment = ("sft", "sft+dpo", "SFT; DPO", "sft", *["sft", "sft dpo"] * 2, "none", *["sft dpo"] * 3)  # fmt: skip
    found = lines(table_of(tmp_path, "training_tokens_b,alignment", tokens, alignment))
    terms = [term for kind, term in found if kind == "instruct"]
    assert terms == [
        "log10 size, alone",
        "log10 size, the others held",
        "log10 training tokens, the others held",
        "alignment dpo, the others held",
        "alignment sft, the others held",
        "log10 size x alignment dpo",
        "log10 size x alignment sft",
        "log10 size x language of class 4 or 5",
    ]
    held = found["instruct", "log10 size, the others held"]
    assert held[2].low < held[2].value < held[2].high
    assert held[5].value >= 1


def test_what_cannot_be_separated_is_said_in_words(tmp_path):
    tokens = [2 * size for _ in FAMILIES for size in SIZES]
    alignment = [word for word in ("sft", "dpo", "rlhf") for _ in SIZES]
    found = lines(table_of(tmp_path, "training_tokens_b,alignment", tokens, alignment))
    told = {term: row[2].text for (kind, term), row in found.items() if kind == "instruct"}
    both = "these models cannot tell log10 size from log10 training tokens: r = 1 within families, over 12 models"
    assert told["log10 size, the others held"] == both
    assert told["log10 training tokens, the others held"] == both
    assert told["alignment dpo, the others held"] == (
        "every family has one value of alignment dpo, over 12 models"
    )
    assert told["log10 size, alone"] == ""


def test_covariates_that_no_model_has_all_of_leave_size_alone(tmp_path):
    tokens, year = [*range(1, 7), *[""] * 6], [*[""] * 6, *range(2020, 2026)]
    found = lines(table_of(tmp_path, "training_tokens_b,release_year", tokens, year))
    assert found["instruct", "release year, the others held"][2].text == "no family has two models"
    assert found["instruct", "log10 size, alone"][2].value > 0


def test_a_model_without_a_covariate_is_named(tmp_path):
    tokens = ("", 2, 15, 4, 3, 12, 2, 8, 15, 1, 6, 7)
    table = table_of(tmp_path, "training_tokens_b", tokens)
    found = lines(table)
    assert found["instruct", "log10 size, alone"][-1].value == 12
    assert found["instruct", "log10 size, the others held"][-1].value == 11
    assert table.notes[-1].endswith("stand in the lines of size alone: x-1b.")


def test_languages_of_many_and_of_few_resources_are_set_against_each_other(tmp_path):
    both = lines(table_of(tmp_path, languages=("en", "de", "sw")))
    row = both["instruct", "log10 size x language of class 4 or 5"]
    assert row[2].value == pytest.approx(0, abs=0.05)
    one = lines(table_of(tmp_path / "one", languages=("en", "de")))
    assert one["instruct", "log10 size x language of class 4 or 5"][2].text == (
        "the languages are of one group by resource class"
    )


def test_published_figures_take_covariates_of_a_file(tmp_path):
    file = tmp_path / "models.csv"
    file.write_text(f"{HEAD},training_tokens_b\ngemma-2-9b-it,Gemma 2,9,true,8000\n", "utf-8")
    table = model_size([], Asked(), facts=file, reference="m-alert")[2]
    assert "gemma-2-2b-it" in table.notes[-1]


@pytest.mark.parametrize(
    ("columns", "values", "said"),
    [
        ("training_tokens_b", [-1] * 12, "training_tokens_b is '-1'; give a number above 0, in billions"),
        ("release_year", ["soon"] * 12, "release_year is 'soon'; give a number above 0"),
        ("aligment", ["sft"] * 12, "unknown column 'aligment'. Did you mean 'alignment'?"),
    ],
)  # fmt: skip
def test_faults_of_covariates_are_named(tmp_path, columns, values, said):
    with pytest.raises(InputErrors, match="models") as caught:
        table_of(tmp_path, columns, values)
    assert said in caught.value.problems[0]
