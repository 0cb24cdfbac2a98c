import pytest

from safeglot.backends.store.store import Store
from safeglot.flow.arm_losses import ArmPlace, Refused, losses, lost_of, put_refused, take_back


@pytest.fixture
def store(tmp_path):
    held = Store(tmp_path / "safeglot.db")
    yield held
    held.close()


def place(arm="backtranslate", prompt="p1", translator="mt", **more):
    return ArmPlace(arm=arm, prompt=prompt, language="sw", translator=translator, **more)


def lose(store, *places):
    put_refused(store, [Refused(place=p, kind="refusal", message="it declines") for p in places])


def test_what_is_lost_is_counted_by_arm_and_language_and_taken_back(store):
    lose(store, place(), place(prompt="p2"), place("roundtrip"))
    assert losses(store) == {
        ("backtranslate", "sw"): "2 of 2 (refusal 2)",
        ("roundtrip", "sw"): "1 of 1 (refusal 1)",
    }
    take_back(store, [place(translator="another"), place("roundtrip", "p9")])
    assert losses(store)["backtranslate", "sw"] == "1 of 1 (refusal 1)"


def test_a_place_is_one_whoever_translated_but_for_the_arm_of_translators(store):
    assert place().key == place(translator="another").key
    assert place("translators").key != place("translators", translator="another").key
    assert len({place(model=m, sample=s).key for m in "ab" for s in (0, 1)}) == 4


def test_the_commonest_reasons_are_told():
    counts = {"refusal": 90, "empty": 1, "copied": 2, "too-short": 3}
    assert lost_of(counts, 4) == "96 of 100 (refusal 90, too-short 3, copied 2, …)"
    assert lost_of({"refusal": 93}, 0) == "93 of 93 (refusal 93)"
