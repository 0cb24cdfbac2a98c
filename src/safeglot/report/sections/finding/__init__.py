"""The first screen of the report: the headline, the languages in one chart, and the cause beside it."""
