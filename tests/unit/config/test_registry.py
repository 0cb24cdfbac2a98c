from dataclasses import dataclass

import pytest

from safeglot.backends.models import routes
from safeglot.config import registry
from safeglot.errors import UsageError


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


def test_a_model_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"no such file.*\.gguf"):
        routes.local_file("gguf", str(tmp_path / "none.gguf"))


def test_the_fingerprint_of_a_file_is_of_its_bytes(tmp_path):
    a, b, c = (tmp_path / n for n in "abc")
    a.write_bytes(b"x" * 200_000)
    b.write_bytes(b"x" * 200_000)
    c.write_bytes(b"x" * 199_999 + b"y")
    assert routes.file_fingerprint(a) == routes.file_fingerprint(b) != routes.file_fingerprint(c)


def test_a_key_is_needed_only_for_the_providers_own_address(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("MINE", raising=False)
    assert routes.missing_key("openai", base_url=None, key_env=None) == "OPENAI_API_KEY"
    assert routes.missing_key("openai", base_url="http://127.0.0.1:1/v1", key_env=None) is None
    assert routes.missing_key("vllm", base_url=None, key_env=None) is None
    assert routes.missing_key("vllm", base_url=None, key_env="MINE") == "MINE"
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert routes.missing_key("openai", base_url=None, key_env=None) is None
