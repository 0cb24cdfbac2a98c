from safeglot.config import registry
from safeglot.config.registry import EMBEDDED_JUDGES, JUDGES, REFUSAL_FAMILIES


def test_families_that_tell_refusals_are_families():
    assert set(JUDGES) | set(EMBEDDED_JUDGES) >= REFUSAL_FAMILIES
    assert registry.tells_refusals("wildguard")
    assert not registry.tells_refusals("llama-guard-3")
