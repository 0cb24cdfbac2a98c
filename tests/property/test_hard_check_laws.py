"""Laws of the hard checks of translations."""

from hypothesis import given, settings
from hypothesis import strategies as st

from safeglot.translate.checks.hard_checks import Bounds, check
from safeglot.types import Candidate, Source


@given(st.text("abc d1", min_size=1, max_size=60), st.text("abc d1é", max_size=60), st.booleans())
@settings(max_examples=400)
def test_the_share_that_is_left_untranslated_is_that_of_the_8_grams(asked, said, joined):
    source = Source(prompt="p", text=f"x {asked}", language="en", target="it")
    text = f"{said} {asked[: len(asked) // 2]}b" if joined else f"{said} b"
    grams = {source.text[i : i + 8] for i in range(len(source.text) - 7)}
    share = sum(gram in text for gram in grams) / len(grams) if grams else 0.0
    candidate = Candidate(source=source, translator="t", text=text)
    bounds = Bounds(untranslated_share=0.0)
    told = {fault.name: fault.detail for fault in check(candidate, identifiers=(), bounds=bounds)}
    assert told.get("untranslated", "0% ").split("%")[0] == f"{share:.0%}"[:-1]
