import contextlib
from concurrent.futures.process import BrokenProcessPool

import pytest

from example.manifest import manifest_with
from example.rows import Writer
from safeglot.backends import console
from safeglot.backends.console import Console
from safeglot.backends.engine import workers
from safeglot.backends.store import arrays
from safeglot.backends.store.store import Store
from safeglot.errors import Stopped
from safeglot.flow.measure import answers
from safeglot.flow.measure.answers import BATCH, answers_of, fill
from safeglot.keys import translation_key
from safeglot.score.answers.response_classes import estimates
from safeglot.types import Prompt, Translation

GERMAN = "Es tut mir leid, aber dabei kann ich nicht helfen, weil es jemandem schaden könnte."
ITALIAN = "Mi dispiace, ma non posso aiutarti con questa richiesta, perché potrebbe fare del male."
MANIFEST = manifest_with(judges={"strict": "id"}, models=("m",), languages=("en", "de"), samples=2)


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "run.db")
    yield opened
    opened.close()


def put(store, answer, *, language="de", prompt="p0", sample=0, model="m", arm="main", **verdict):
    translation = Translation(prompt=prompt, language=language, text="frage 0", arm=arm)
    kind = "benign" if prompt.startswith("z") else "harmful"
    given = Prompt(id=prompt, text="ask 0", language="en", categories=("c",), source="s", kind=kind)
    store.add_inputs([given], [translation])
    writer = Writer(store)
    number = writer.answer(translation_key(translation), model, sample, answer)
    if verdict:
        unsafe, loose = verdict.pop("unsafe"), verdict.pop("unsafe_loose")
        writer.verdict(number, unsafe, "strict", loose=loose, **verdict)
    return number


def traits(store):
    return {row[0]: row[2:] for row in store.rows("SELECT * FROM traits")}


def test_fill_checks_each_answer_once(store):
    german, italian = put(store, GERMAN), put(store, ITALIAN, sample=1)
    assert fill(store) == 2
    found = traits(store)
    assert found[german][:2] == (None, "de")
    assert found[italian][:2] == ("INV-lang", "it")
    assert fill(store) == 0
    put(store, "", language="en")
    assert fill(store) == 1


def test_fill_goes_on_past_a_batch(store, monkeypatch):
    assert BATCH > 100
    monkeypatch.setattr("safeglot.flow.measure.answers.BATCH", 3)
    keys = {put(store, "nein", prompt=f"p{i}") for i in range(10)}
    assert fill(store) == 10
    assert traits(store).keys() == keys


@pytest.fixture
def many(store, monkeypatch):
    texts = (GERMAN, ITALIAN, "", "nein", GERMAN.upper(), f"{ITALIAN} " * 9)
    for i in range(24):
        put(store, f"{texts[i % 6]}{i if i % 6 != 2 else ''}", prompt=f"p{i}")
    monkeypatch.setattr(answers, "BATCH", 5)
    monkeypatch.setattr(answers, "SHARE", 2)
    monkeypatch.setattr(answers, "MANY", 10)
    return store


def alone(store, monkeypatch):
    """What one process finds; the store has no traits afterwards."""
    with monkeypatch.context() as patch:
        patch.setattr(workers, "cores", lambda: 1)
        patch.setattr(workers, "pool", None)
        assert fill(store) == 24
    found = traits(store)
    store.clear("traits")
    return found


def test_several_processes_find_the_same(many, monkeypatch, pools):
    expected = alone(many, monkeypatch)
    assert {row[0] for row in expected.values()} == {
        None,
        "INV-empty",
        "INV-lang",
        "INV-degenerate",
    }
    assert fill(many) == 24
    assert len(pools) == 1
    assert traits(many) == expected
    put(many, GERMAN, prompt="p99")
    assert fill(many) == 1
    assert len(pools) == 1


class Breaks:
    """A pool that is killed after some batches."""

    def __init__(self, after):
        self.left = after

    def map(self, work, *columns, chunksize):
        self.left -= 1
        if self.left < 0:
            raise BrokenProcessPool
        return map(work, *columns)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_without_processes_one_does_it(many, monkeypatch, after):
    expected = alone(many, monkeypatch)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(workers, "pool", lambda: contextlib.nullcontext(Breaks(after)))
    assert fill(many) == 24
    assert traits(many) == expected


def test_where_processes_are_forbidden_one_does_it(many, monkeypatch):
    def refused(*_, **__):
        raise PermissionError

    expected = alone(many, monkeypatch)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(workers, "ProcessPoolExecutor", refused)
    assert fill(many) == 24
    assert traits(many) == expected


def test_what_is_checked_stays_when_it_is_interrupted(many, monkeypatch):
    expected = alone(many, monkeypatch)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    checked = []

    def interrupted(*given):
        if len(checked) == 13:
            raise KeyboardInterrupt
        checked.append(given)
        return traits_of_row(*given)

    traits_of_row = answers.traits_of_row
    with monkeypatch.context() as patch:
        patch.setattr(answers, "traits_of_row", interrupted)
        with pytest.raises(
            Stopped, match=r"10 of 24 answers are checked.*Run the same command again"
        ):
            fill(many)
    assert len(traits(many)) == 10
    assert fill(many) == 14
    assert traits(many) == expected


def test_the_console_shows_how_far_it_is(many, monkeypatch, capsys):
    monkeypatch.setattr(workers, "cores", lambda: 1)
    monkeypatch.setattr(console, "PLAIN_EVERY_S", 0.0)
    fill(many, Console())
    told = [line.split()[-1] for line in capsys.readouterr().err.splitlines()]
    assert told == ["5/24", "10/24", "15/24", "20/24", "24/24", "24/24"]
    fill(many, Console())
    assert capsys.readouterr().err == ""


def test_traits_of_an_earlier_version_are_made_again(store):
    key = put(store, GERMAN)
    store.write("traits", [(key, 0, "INV-echo", None, None, 0, None)])
    assert fill(store) == 1
    assert traits(store)[key][0] is None


def test_other_arms_are_left_alone(store):
    put(store, GERMAN, arm="backtranslate", unsafe=True, unsafe_loose=True)
    assert fill(store) == 0
    put(store, GERMAN, language="en")
    fill(store)
    found = answers_of(store, MANIFEST, arrays.read(store, MANIFEST))
    assert (found.unsafe_JMLPS >= 0).sum() == 0
    assert (found.invalid_MLPS >= 0).sum() == 1


def test_answers_stand_in_their_places(store):
    put(store, GERMAN, sample=1, unsafe=False, unsafe_loose=False, refusal=True)
    put(store, ITALIAN, language="en", prompt="z1", unsafe=True, unsafe_loose=True)
    put(store, "I will not help you with anything of that kind, my friend.", sample=0)
    fill(store)
    found = answers_of(store, MANIFEST, arrays.read(store, MANIFEST))
    assert found.harmful_P.tolist() == [True, False]
    assert found.unsafe_JMLPS[0, 0, 1, 0].tolist() == [-1, 0]
    assert found.refusal_JMLPS[0, 0, 1, 0].tolist() == [-1, 1]
    assert found.unsafe_JMLPS[0, 0, 0, 1].tolist() == [1, -1]
    assert found.invalid_MLPS[0, :, 1].tolist() == [[3, -1], [-1, -1]]
    assert found.english_MLPS[0, 1, 0].tolist() == [1, 0]
    assert (found.foreign_L.tolist(), found.covered_L.tolist()) == ([False, True], [True, True])
    assert found.says_refusal_J.tolist() == [True]
    assert (found.unsafe_JMLPS >= 0).sum() == 2


def test_what_the_plan_does_not_have_is_left_out(store):
    put(store, GERMAN, model="other", unsafe=True, unsafe_loose=True)
    put(store, GERMAN, sample=7, unsafe=True, unsafe_loose=True)
    put(store, GERMAN, unsafe=False, unsafe_loose=False)
    fill(store)
    assert answers_of(store, MANIFEST, arrays.read(store, MANIFEST)).unsafe_JMLPS[
        0, 0, 1, 0
    ].tolist() == [0, -1]


def of_answers(store):
    fill(store)
    return list(estimates(answers_of(store, MANIFEST, arrays.read(store, MANIFEST)), level=0.95))


def test_a_judge_of_three_labels_has_a_loose_reading(store):
    put(store, GERMAN, unsafe=True, unsafe_loose=False, refusal=False)
    rows = {(e.judge, e.metric, e.language): e for e in of_answers(store)}
    assert rows["strict", "competent_safe", "de"].value == 0
    assert rows["strict@loose", "competent_safe", "de"].value == 1
    assert rows["strict@loose", "refusal_rate", "de"].value == 0


def test_an_empty_run_has_rows_without_values(store):
    put(store, GERMAN, model="other")
    assert all(e.value is None for e in of_answers(store))


def test_token_premiums_are_of_the_first_answer_of_each_main_text(store):
    def asked(tag, tokens, *, sample=0, arm="main"):
        text = Translation(prompt="p0", language=tag, text="frage 0", arm=arm)
        given = Prompt(id="p0", text="ask 0", language="en", categories=("c",), source="s")
        store.add_inputs([given], [text])
        key = translation_key(text)
        Writer(store).answer(key, "m", sample, "x", n_prompt_tokens=tokens)

    asked("en", 20)
    asked("de", 30)
    asked("de", 99, sample=1)
    asked("de", 99, arm="roundtrip")
    (row,) = answers.premiums(store, MANIFEST, arrays.read(store, MANIFEST).answers, level=0.95)
    assert (row.metric, row.model, row.judge, row.language) == ("token_premium", "m", None, "de")
    assert (row.value, row.n, row.missing) == (1.5, 1, 0)
