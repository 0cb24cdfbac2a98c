from __future__ import annotations

import pytest

from example.manifest import manifest_with
from safeglot.backends.console import Console
from safeglot.backends.files.arm_texts import TextToFill
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.config import registry
from safeglot.config.files import known
from safeglot.config.model_strings import Form
from safeglot.config.settings import build
from safeglot.errors import InputErrors
from safeglot.flow.translation.arm_answers import filled
from unit.flow.translation.models import Echo


@pytest.fixture
def fill(tmp_path, monkeypatch):
    """Fill rows by a translator in this process that answers in capitals."""
    monkeypatch.setitem(registry.TRANSLATORS, "echo", Form(example="echo", engine="echo:Echo"))

    def call(*rows, model=None):
        monkeypatch.setattr(registry, "load", lambda _: lambda: model or Echo(says="Good day."))
        config = build({"translator": "echo"}, known=known())
        store, run_dir = Store(tmp_path / "safeglot.db"), RunDir(tmp_path)
        run_dir.write({}, manifest_with())
        try:
            return filled(rows, config, run_dir=run_dir, store=store, console=Console(quiet=True))
        finally:
            store.close()

    return call


@pytest.fixture
def failures(tmp_path):
    """Return (prompt, language, kind, message) of the failures of some stages."""

    def call(*stages):
        store = Store(tmp_path / "safeglot.db")
        rows = store.rows("SELECT stage, parent, by, kind, message FROM failures ORDER BY key")
        found = [tuple(rest) for stage, *rest in rows if stage in stages]
        store.close()
        return found

    return call


def row(arm, language, answer, id_="p0"):
    return TextToFill(
        arm=arm, id=id_, language=language, model="m", sample=0, answer=answer, answer_key="k"
    )


def test_answers_go_back_to_the_reference_and_the_reference_s_go_out(fill):
    made = fill(row("backtranslate", "sw", "habari zenu"), row("reverse", "sw", "hello all"))
    assert [(r.arm, r.text, r.translator) for r in made.rows] == [
        ("backtranslate", "Good day.", "echo"),
        ("reverse", "Good day.", "echo"),
    ]
    assert (made.refused, list(made.lost())) == ((), [])


def test_an_answer_that_could_not_be_translated_is_left_out_and_a_failure(fill, failures):
    model = Echo(broken={"habari zenu"}, says="Good day.")
    made = fill(
        row("backtranslate", "sw", "habari zenu"),
        row("backtranslate", "sw", "jambo bwana", "p1"),
        model=model,
    )
    assert [r.text for r in made.rows] == ["Good day."]
    assert list(made.lost()) == ["backtranslate, sw: 1 of 2 (failed 1) could not be translated"]
    assert failures("backtranslate") == [("p0", "sw", "failed", "echo: no such text")]
    made = fill(row("backtranslate", "sw", "habari zenu"))  # asked again, and there now
    assert not made.refused
    assert failures("backtranslate", "arms", "translate") == []


def test_what_is_no_translation_is_a_failure_with_the_check_that_found_it(fill, failures):
    answers = [
        "Nunua mbao mpya sokoni kesho.",
        "Pigilia misumari mitatu tu.",
        "Uzio umekamilika sasa.",
    ]
    rows = [row("backtranslate", "sw", text, f"p{n}") for n, text in enumerate(answers)]
    made = fill(*rows, model=Echo(says="I cannot help with translating this"))
    assert made.rows == ()
    assert list(made.lost()) == ["backtranslate, sw: 3 of 3 (refusal 3) could not be translated"]
    assert {(language, kind) for _, language, kind, _ in failures("backtranslate")} == {
        ("sw", "refusal")
    }
    made = fill(*rows, model=Echo(says="Buy some new boards."))
    assert [r.text for r in made.rows] == []  # one text for three answers is no translation either


def test_blocked_and_thought_only_are_called_so(fill, failures):
    for kind, called in (("blocked", "blocked"), ("thought_only", "thought only")):
        model = Echo(broken={"habari zenu"}, kind=kind)
        made = fill(row("backtranslate", "sw", "habari zenu"), model=model)
        assert [r.kind for r in made.refused] == [called]


def test_a_way_that_nobody_knows_is_told_with_the_reason(fill):
    with pytest.raises(InputErrors) as error:
        fill(row("backtranslate", "yo", "bawo"), row("reverse", "yo", "hello"))
    assert list(error.value.problems) == [
        "--with: no translator from en to yo. echo: knows no yo. Name another one.",
        "--with: no translator from yo to en. echo: knows no en. Name another one.",
    ]
