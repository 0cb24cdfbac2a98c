from pathlib import Path

import pytest

from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import AnswerPlace
from safeglot.errors import UsageError
from safeglot.flow.guards import run_labels
from safeglot.flow.guards.run_labels import run_of
from safeglot.flow.measure.judges.labels import Drawn

RUN = RunDir(Path("runs/x"))


class FewModels:
    """The part of a cube that is read of a simple sample."""

    judges = ("g",)
    models = ("m", "later")
    prompts = ("p0", "p1", "p2", "p3")
    categories = ("c",)


def answers(models):
    return [AnswerPlace(i, f"k{i}", f"p{i % 4}", "sw", m, 0) for i, m in enumerate(models)]


def drawn(*ids):
    return [
        Drawn(id=i, response=f"k{i}", judge="", language="sw", stratum="all", design="simple", wanted=1, model="m", prompt=f"p{i % 4}", sample=0, labels={"1": "safe"})
        for i in ids
    ]  # fmt: skip


def test_files_are_no_run(tmp_path):
    assert run_of([str(tmp_path / "labelled.csv")]) is None
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    assert run_of([str(tmp_path)]).path == tmp_path
    with pytest.raises(UsageError, match="Give it alone: safeglot guards"):
        run_of(["labelled.csv", str(tmp_path)])


def test_a_stratum_has_all_answers_it_was_drawn_from():
    assert run_labels._sizes(RUN, drawn(0, 2), answers(["m"] * 4), FewModels) == {"all": 4}


def test_a_model_that_came_after_the_draw_is_told():
    given = answers(["m"] * 4 + ["later"] * 4)
    with pytest.raises(UsageError, match=r"none of the answers of later in sw was drawn") as caught:
        run_labels._sizes(RUN, drawn(0, 2), given, FewModels)
    assert "safeglot annotate sample runs/x --again" in str(caught.value)


def test_answers_without_a_verdict_and_label_are_left_out_and_counted():
    sizes = {"sw": {"judged safe": 9, "no verdict": 4}}
    assert run_labels._leave_out_unread(sizes, drawn(0)) == 4
    assert sizes == {"sw": {"judged safe": 9}}
