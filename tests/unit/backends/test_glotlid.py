import pytest

from safeglot.backends.glotlid import load
from safeglot.errors import UsageError
from safeglot.translate.checks.identify import GlotLid

LINES = (
    "__label__eng_Latn the old fence behind the house is of wood and it is not good",
    "__label__deu_Latn der alte zaun hinter dem haus ist aus holz und er ist nicht gut",
    "__label__quc_Latn jas kinb'ano che ri uwach ri tz'ib' ri loq'alaj",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    fasttext = pytest.importorskip("fasttext", reason="GlotLID's library is optional")
    folder = tmp_path_factory.mktemp("glotlid")
    (folder / "lines.txt").write_text("\n".join(LINES * 60), encoding="utf-8")
    trained = fasttext.train_supervised(
        str(folder / "lines.txt"), epoch=60, dim=8, minn=2, maxn=4, bucket=5000, thread=1, verbose=0
    )
    trained.save_model(str(folder / "model.bin"))
    return folder / "model.bin"


def test_a_model_of_fasttext_tells_languages(model):
    predict, labels = load(model)
    glotlid = GlotLid(predict=predict, labels=labels)
    assert glotlid.labels == {"eng_Latn", "deu_Latn", "quc_Latn"}
    assert glotlid.covers("quc")
    assert not glotlid.covers("it")
    assert glotlid.identify("der zaun ist nicht gut und\nder alte auch", "de").language == "de"
    assert glotlid.identify("der zaun ist nicht gut und der alte auch", "quc").language == "de"
    label, share = glotlid.predict("the old house is good")[0]
    assert label == "eng_Latn"
    assert 0.5 < share <= 1


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no such file.*cis-lmu/glotlid"):
        load(tmp_path / "none.bin")


def test_a_file_of_another_kind_is_refused(tmp_path):
    pytest.importorskip("fasttext", reason="GlotLID's library is optional")
    (tmp_path / "model.bin").write_bytes(b"GGUF" + bytes(4000))
    with pytest.raises(UsageError, match="is not a model of fasttext"):
        load(tmp_path / "model.bin")


def test_the_library_is_named_where_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fasttext", None)
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(UsageError, match="pip install fasttext-community"):
        load(tmp_path / "model.bin")
