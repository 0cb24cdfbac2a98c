from __future__ import annotations

import dataclasses
import json

import pytest

from example.job import QUIET, VLLM, answered, judge, judged, prompt_set
from safeglot.backends.console import Console
from safeglot.backends.files.manifest import ArmsSummary, JudgeCheck
from safeglot.backends.files.rundir import RunDir
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import to_table
from safeglot.errors import UsageError
from safeglot.flow.measure.estimates import measure, signature
from safeglot.flow.run import session
from safeglot.flow.run.merge import merge
from safeglot.types import ModelSettings

SECOND = ModelConfig(model="vllm/b")
BASE, RUBRIC = judge("refusal-baseline"), judge("rubric=vllm/j")


def part(whole, *places):
    """Some of the prompts, with their places in the file."""
    return whole.keep(places)


def results(run_dir):
    with session.opened(run_dir) as store:
        about = run_dir.read_manifest()
        return measure(store, about, QUIET), signature(store, about)


def unsafe(item):
    return item.prompt.id in ("p1", "p4") and item.translation.language == "de"


def rewritten(run_dir, **changes):
    """Write a run's manifest with something changed."""
    about = dataclasses.replace(run_dir.read_manifest(), **changes)
    run_dir.write(to_table(session.stored_config(run_dir)), about)


def test_parts_that_are_joined_are_the_whole(tmp_path):
    whole = prompt_set(6)
    at_once, _ = judged(tmp_path / "at-once", unsafe, whole)
    parts = [
        judged(tmp_path / f"part-{i}", unsafe, part(whole, *places))[0].path
        for i, places in enumerate([(1, 4), (0, 3), (2, 5)])
    ]
    run_dir = merge(parts, tmp_path / "whole", QUIET)
    assert results(run_dir) == results(at_once)
    there, now = run_dir.read_manifest(), at_once.read_manifest()
    assert there == dataclasses.replace(now, created=there.created, versions=there.versions)
    with session.opened(run_dir) as store:
        assert [p.id for p in store.prompts()] == [f"p{i}" for i in range(6)]
    assert session.stored_config(run_dir).out == str(tmp_path / "whole")


def test_what_is_known_of_models_is_gathered(tmp_path):
    first, _ = judged(tmp_path / "a", unsafe, prompt_set(2), judge=(BASE,))
    other, _ = judged(tmp_path / "b", unsafe, prompt_set(2), target=(SECOND,), judge=(RUBRIC, BASE))
    check = JudgeCheck(id="1", said={"x": "safe"})
    rewritten(first, adapted={"vllm/a": ("seed=none",)}, served={"j": {"x": 1}})
    rewritten(
        other,
        adapted={"vllm/a": ("top_p=none",), "vllm/b": ("seed=none",)},
        served={"j": {"x": 2, "y": 1}},
        checks={"rubric=vllm/j": check},
        correction="ppi",
    )
    about = merge([first.path, other.path], tmp_path / "whole", QUIET).read_manifest()
    assert about.models == ("vllm/a", "vllm/b")
    assert list(about.judges) == ["refusal-baseline", "rubric=vllm/j"]
    assert about.adapted == {"vllm/a": ("seed=none", "top_p=none"), "vllm/b": ("seed=none",)}
    assert about.served == {"j": {"x": 3, "y": 1}}
    assert about.checks == {"rubric=vllm/j": check}
    assert (about.correction, about.arms) == (None, None)
    assert "adapted:vllm/a(seed=none,top_p=none)+vllm/b(seed=none)" in about.signature
    assert "rubric=vllm/j [" in about.settings["judges"]


def sharded(path, places, shard, **settings):
    return answered(path, prompts=part(prompt_set(6), *places), shard=shard, **settings)[0]


def test_what_is_lacking_is_said_and_kept(tmp_path, capsys):
    one, three = (sharded(tmp_path / n, (i, i + 3), f"{n}/3") for i, n in ((0, "1"), (2, "3")))
    run_dir = merge([one.path, three.path], tmp_path / "whole", Console())
    assert "shard 2 of 3 is lacking" in capsys.readouterr().err
    assert session.stored_config(run_dir).shard == "1,3/3"
    assert run_dir.read_manifest().identity["shard"] == "1,3/3"
    assert "joins it with shard 2." in run_dir.read_manifest().notes[-1]


def test_a_shard_in_a_whole_run_leaves_it_whole(tmp_path):
    shard = sharded(tmp_path / "shard", (0, 3), "1/3")
    whole, _ = answered(tmp_path / "other", prompts=prompt_set(6), target=(SECOND,))
    run_dir = merge([shard.path, whole.path], tmp_path / "whole", QUIET)
    assert session.stored_config(run_dir).shard is None
    assert "shard" not in run_dir.read_manifest().identity


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"temperature": 0.5}, "temperature: 1.0 and 0.5"),
        ({"samples": 2}, "samples: 1 and 2"),
        ({"reference": "de"}, "reference: en and de"),
        ({"kinds": ("harmful", "benign")}, "kinds: ('harmful',) and ('harmful', 'benign')"),
        ({"shard": "1/2", "limit": 4}, "limit: None and 4"),
        ({"target": (dataclasses.replace(VLLM, settings=ModelSettings(max_tokens=9)),)},
         "target vllm/a has other settings, or another revision"),
        ({"judge": (dataclasses.replace(BASE, mode="answer"),)}, ""),
    ],
)  # fmt: skip
def test_runs_of_other_plans_are_told_apart(tmp_path, changes, told):
    first, _ = answered(tmp_path / "first")
    other, _ = answered(tmp_path / "other", **changes)
    if not told:  # another judge
        merge([first.path, other.path], tmp_path / "whole", QUIET)
        return
    with pytest.raises(UsageError, match=r"does not belong to .*first: ") as error:
        merge([first.path, other.path], tmp_path / "whole", QUIET)
    assert f": {told}. Runs of one plan" in str(error.value)
    assert not (tmp_path / "whole").exists()


def test_shards_of_other_numbers_are_told_apart(tmp_path):
    one, other = sharded(tmp_path / "a", (0, 3), "1/3"), sharded(tmp_path / "b", (1, 2), "1/2")
    with pytest.raises(UsageError, match="shards: of 2 and of 3"):
        merge([one.path, other.path], tmp_path / "whole", QUIET)


def test_another_prompt_file_and_another_judge_of_one_name_are_told(tmp_path):
    first, _ = answered(tmp_path / "first")
    other, _ = answered(tmp_path / "other")
    about = other.read_manifest()
    rewritten(other, judges={"refusal-baseline": "other"})
    with pytest.raises(
        UsageError, match="judge refusal-baseline has other settings, or another rev"
    ):
        merge([first.path, other.path], tmp_path / "whole", QUIET)
    rewritten(other, source=dataclasses.replace(about.source, sha256="1" * 64))
    with pytest.raises(UsageError, match="the prompt file is another one"):
        merge([first.path, other.path], tmp_path / "whole", QUIET)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model_ids": ("a", "b")}, "name other targets or judges"),
        ({"models": ("vllm/b",)}, "name other targets or judges"),
        ({"judges": {}}, "name other targets or judges"),
        ({"model_ids": ("vllm/a@r",)}, "its files disagree about: targets, generate"),
        ({"languages": ("en",)}, "its files disagree about: prompts, languages"),
    ],
)
def test_files_that_disagree_are_none_that_safeglot_wrote(tmp_path, changes, told):
    first, _ = answered(tmp_path / "first")
    other, _ = answered(tmp_path / "other")
    rewritten(other, **changes)
    with pytest.raises(UsageError, match=told):
        merge([first.path, other.path], tmp_path / "whole", QUIET)


def test_another_result_version_is_told(tmp_path):
    first, _ = answered(tmp_path / "first")
    about = json.loads(first.manifest.read_text())
    about["identity"]["results"] = "1"
    first.manifest.write_text(json.dumps(about))
    other, _ = answered(tmp_path / "other")
    with pytest.raises(UsageError, match=r"another way to results \(result version 1, here"):
        merge([first.path, other.path], tmp_path / "whole", QUIET)


def test_a_run_without_a_database_is_told(tmp_path):
    first, _ = answered(tmp_path / "first")
    other, _ = answered(tmp_path / "other")
    other.database.unlink()
    with pytest.raises(UsageError, match=r"safeglot\.db: not there"):
        merge([first.path, other.path], tmp_path / "whole", QUIET)


def test_a_run_that_is_worked_on_is_not_joined(tmp_path):
    first, _ = answered(tmp_path / "first")
    other, _ = answered(tmp_path / "other")
    with RunDir(other.path).locked(), pytest.raises(UsageError, match="another safeglot process"):
        merge([first.path, other.path], tmp_path / "whole", QUIET)


def test_texts_of_arms_come_along(tmp_path):
    first, _ = answered(tmp_path / "first")
    other, _ = answered(tmp_path / "other")
    rewritten(other, arms=ArmsSummary(digest="x", texts={"roundtrip": 1}, files={"f.csv": "1"}))
    about = merge([first.path, other.path], tmp_path / "whole", QUIET).read_manifest()
    assert about.arms is None  # the database has none, whatever a manifest says


def test_a_shard_that_says_it_is_the_whole_is_not_believed(tmp_path):
    shard = sharded(tmp_path / "shard", (0, 3), "1/3")
    other = sharded(tmp_path / "other", (1, 4), "2/3")
    config = dataclasses.replace(session.stored_config(other), shard=None)
    other.write(to_table(config), other.read_manifest())
    with pytest.raises(UsageError, match="its files disagree about: shard"):
        merge([shard.path, other.path], tmp_path / "whole", QUIET)


def test_shards_of_one_file_have_one_size_of_each_category(tmp_path):
    runs = [sharded(tmp_path / n, (i, i + 3), f"{n}/3") for i, n in ((0, "1"), (1, "2"))]
    for n, run_dir in enumerate(runs, start=6):
        source = run_dir.read_manifest().source
        rewritten(run_dir, source=dataclasses.replace(source, sizes={"harmful": {"c": n}}))
    with pytest.raises(UsageError, match="categories of the prompt file have other sizes"):
        merge([run_dir.path for run_dir in runs], tmp_path / "whole", QUIET)
