"""The checks of a judge itself: asked again, canaries, and its known limits."""
