from dataclasses import dataclass

import pytest

from safeglot.config import registry


@dataclass(frozen=True)
class Plain:
    """A judge of another package that asks no model."""

    name: str


@dataclass(frozen=True)
class Asking:
    name: str
    model: str
    policy: dict


PLUG_INS = {"plain": Plain, "asking": Asking}


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    folder = tmp_path / "judges-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: judges\nVersion: 1\n")
    rows = [f"{name} = {__name__}:{cls.__name__}\n" for name, cls in PLUG_INS.items()]
    (folder / "entry_points.txt").write_text(f"[{registry.ENTRY_POINTS}]\n{''.join(rows)}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "load", lambda target: globals()[target.rpartition(":")[2]])
    registry.judge_families.cache_clear()
    yield
    registry.judge_families.cache_clear()


def test_every_row_can_be_loaded():
    for family, target in registry.JUDGES.items():
        assert callable(registry.load(target)), family


def test_judges_of_other_packages_join_in(plugins):
    assert {"plain", "asking", "llama-guard-3"} <= set(registry.judge_families())
    assert not registry.needs_model("plain")
    assert registry.needs_model("asking")
    made = registry.make_judge("plain", model=None, name="plain", mode="answer", policy={"a": "b"})
    assert made == Plain(name="plain")
    made = registry.make_judge("asking", model="m", name="n", mode="answer", policy={"a": "b"})
    assert made == Asking(name="n", model="m", policy={"a": "b"})
