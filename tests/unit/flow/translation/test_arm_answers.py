from __future__ import annotations

import pytest

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
        monkeypatch.setattr(registry, "load", lambda _: lambda: model or Echo())
        config = build({"translator": "echo"}, known=known())
        store = Store(tmp_path / "safeglot.db")
        try:
            return filled(
                rows, config, run_dir=RunDir(tmp_path), store=store, console=Console(quiet=True)
            )
        finally:
            store.close()

    return call


def row(arm, language, answer, id_="p0"):
    return TextToFill(
        arm=arm, id=id_, language=language, model="m", sample=0, answer=answer, answer_key="k"
    )


def test_answers_go_back_to_the_reference_and_the_reference_s_go_out(fill):
    rows, lost = fill(row("backtranslate", "sw", "habari"), row("reverse", "sw", "hello"))
    assert [(r.arm, r.text, r.translator) for r in rows] == [
        ("backtranslate", "HABARI", "echo"),
        ("reverse", "HELLO", "echo"),
    ]
    assert lost == 0


def test_an_answer_that_could_not_be_translated_is_left_out(fill):
    model = Echo(broken={"habari"})
    rows, lost = fill(
        row("backtranslate", "sw", "habari"), row("backtranslate", "sw", "jambo"), model=model
    )
    assert [r.text for r in rows] == ["JAMBO"]
    assert lost == 1


def test_a_way_that_nobody_knows_is_told_with_the_reason(fill):
    with pytest.raises(InputErrors) as error:
        fill(row("backtranslate", "yo", "bawo"), row("reverse", "yo", "hello"))
    assert list(error.value.problems) == [
        "--with: no translator from en to yo. echo: knows no yo. Name another one.",
        "--with: no translator from yo to en. echo: knows no en. Name another one.",
    ]
