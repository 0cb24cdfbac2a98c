"""Guards under test: labelled texts become a run, whose judges are what is measured."""
