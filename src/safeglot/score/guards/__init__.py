"""Guards as the thing under test: what they find of labelled texts, by language."""
