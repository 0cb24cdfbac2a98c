import json

import pytest

from safeglot.errors import InputErrors
from safeglot.flow.logs.recording import ToImport, opened, prompts_apart


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("id,language,answer\n1,en,x\n", "utf-8")
    (tmp_path / "p.csv").write_text("qid,category,en\n1,c,q\n", "utf-8")


def test_the_prompts_are_a_part_of_what_a_recording_is(files):
    alone = opened(ToImport(sources=("a.csv",)))
    both = opened(ToImport(sources=("a.csv",), prompts=("p.csv",)))
    assert alone.apart is None
    assert both.apart is not None
    assert alone.sha256 != both.sha256
    assert (both.name, len(both.files)) == ("a.csv", 1)


def test_columns_of_the_prompts_have_a_name_of_their_own(files):
    wanted = ToImport(sources=("a.csv",), prompts=("p.csv",))
    with pytest.raises(InputErrors, match="has no column for id") as refused:
        prompts_apart(opened(wanted).apart, wanted)
    assert refused.value.remedy.columns == {"prompts.id": "qid"}
    named = ToImport(sources=("a.csv",), prompts=("p.csv",), columns={"prompts.id": "qid"})
    assert prompts_apart(opened(named).apart, named).prompts.ids == ["1"]


def test_the_settings_name_no_prompts_but_the_sources():
    wanted = ToImport(sources=("a", "b"), columns={"id": "x"}, allow_partial=True)
    config = wanted.config()
    assert (config.prompts, config.columns, config.allow_partial) == (("a", "b"), {"id": "x"}, True)
    assert json.dumps(config.columns)
