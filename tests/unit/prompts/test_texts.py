"""Texts come back as they were kept, in whatever order they are asked for."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from safeglot.prompts.texts import TextStream

TEXTS = st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=9), max_size=9)


@given(TEXTS, st.data())
def test_texts_are_found_by_their_numbers(kept, data):
    texts = TextStream(io.BytesIO())
    numbers = [texts.add(text) for text in kept]
    assert numbers == list(range(len(kept)))
    for number in data.draw(st.permutations(numbers)):
        assert texts[number] == kept[number]
        assert texts[texts.add(kept[number])] == kept[number]
