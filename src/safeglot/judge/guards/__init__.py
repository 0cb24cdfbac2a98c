"""Checks of the judge itself: asking again, canaries, and its known limits."""
