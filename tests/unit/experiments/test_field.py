"""Models of several runs: which are paired, what they share, and what is refused."""

import sqlite3

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.field import Asked, fields_of, part_of
from safeglot.experiments.runs import read_runs
from unit.experiments.made import estimate, run_in

RNG = np.random.default_rng(5)
VERDICTS = (RNG.random((1, 1, 2, 8)) < 0.4).astype(int)


def field_of(*paths, **asked):
    (field,) = fields_of(read_runs(paths, what="compare"), Asked(**asked))
    return field


def test_runs_with_the_same_prompts_share_a_frame(tmp_path):
    first = run_in(tmp_path / "a", VERDICTS, models=("x",))
    second = run_in(tmp_path / "b", 1 - VERDICTS, models=("y",))
    field = field_of(first, second)
    x, y = field.entrants
    assert (x.name, y.name, field.judge, field.metric) == ("x", "y", "j", "safety_macro")
    assert x.sheet.frame is y.sheet.frame
    assert (x.sheet.unsafe_LPS + y.sheet.unsafe_LPS == 1).all()
    assert field.notes == ()


def test_runs_with_other_prompts_are_compared_as_independent(tmp_path):
    first = run_in(tmp_path / "a", VERDICTS, models=("x",))
    second = run_in(tmp_path / "b", VERDICTS[..., :4], models=("y",))
    field = field_of(first, second)
    assert field.entrants[0].sheet.frame is not field.entrants[1].sheet.frame
    assert field.notes[0].startswith("the prompts differ between runs (a; b)")


def test_prompts_in_another_order_are_the_same_and_another_text_is_not(tmp_path):
    paths = [run_in(tmp_path / name, VERDICTS, models=(name,)) for name in ("one", "two")]
    change(paths[1], "UPDATE prompts SET position = 9 - substr(id, 2)")
    one, two = (entrant.sheet for entrant in field_of(*paths).entrants)
    assert one.frame is two.frame
    assert np.array_equal(one.unsafe_LPS, two.unsafe_LPS)
    change(
        paths[1], "UPDATE translations SET text = 'another' WHERE prompt = 'p1' AND language = 'de'"
    )
    one, two = (entrant.sheet for entrant in field_of(*paths).entrants)
    assert one.frame is not two.frame


def change(path, query):
    database = sqlite3.connect(path / "safeglot.db")
    database.execute(query)
    database.commit()
    database.close()


def test_a_model_in_several_runs_is_named_with_its_run(tmp_path):
    paths = [run_in(tmp_path / name, VERDICTS) for name in ("a", "b")]
    field = field_of(*paths)
    assert [entrant.name for entrant in field.entrants] == ["m (a)", "m (b)"]
    assert field.notes == ("in several runs, and counted once for each: m.",)


def test_languages_that_not_all_have_are_left_out(tmp_path):
    first = run_in(tmp_path / "a", VERDICTS, models=("x",))
    second = run_in(tmp_path / "b", VERDICTS[:, :, :1], models=("y",))
    assert field_of(first, second).languages == ("en",)
    assert field_of(first, second).notes[-1].endswith("left out: de.")
    with pytest.raises(UsageError, match="'de' is not in all runs"):
        field_of(first, second, language="de")


def test_what_cannot_be_compared_is_refused(tmp_path):
    first = run_in(tmp_path / "a", VERDICTS)
    with pytest.raises(UsageError, match="no judge is in all runs"):
        field_of(first, run_in(tmp_path / "b", VERDICTS, judges=("other",)))
    with pytest.raises(UsageError, match="different categories"):
        field_of(first, run_in(tmp_path / "c", VERDICTS, categories=("a", "z")))
    with pytest.raises(UsageError, match="--metric: got 'gap', allowed here are safety_micro"):
        field_of(first, metric="gap")
    with pytest.raises(UsageError, match="no language in common"):
        field_of(first, run_in(tmp_path / "d", VERDICTS, languages=("fr", "it"), reference="fr"))


def test_a_judge_in_another_version_is_refused(tmp_path):
    paths = [run_in(tmp_path / name, VERDICTS) for name in ("a", "b")]
    manifest = paths[1] / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("j:1", "j:2"), "utf-8")
    with pytest.raises(UsageError, match="different versions or settings"):
        field_of(*paths)


def test_an_average_says_of_how_much_it_is():
    extra = {"languages": 2, "of_languages": 3, "categories": 4, "of": 4}
    assert part_of(estimate("safety_macro", 0.5, extra=extra)) == "2 of 3 languages"
    assert part_of(estimate("safety_macro", 0.5)) == ""
